// The core behind a serial line. A host sends
//     W address(3) count(2) words(4 each)    count words from an address on
//     R address(3)                           answered by a word
// lowest bytes first, 8N1. Commands come slower over the line than the core takes for them, but for
// RUN: after that, ask BUSY until it is 0.
module top (input wire clk_in, input wire rx, output wire tx);
    wire clk;
    board_clock clock (.clk_in(clk_in), .clk(clk));

    reg [7:0] up = 0;  // reset for the first cycles
    wire rst = !(&up);
    always @(posedge clk) if (rst) up <= up + 1;

    wire [7:0] got;
    wire got_en;
    uart_rx receive (.clk(clk), .rx(rx), .data(got), .en(got_en));
    reg [7:0] give = 0;
    reg give_en = 0;
    wire give_busy;
    uart_tx transmit (.clk(clk), .tx(tx), .data(give), .en(give_en), .busy(give_busy));

    reg [2:0] place = 0;        // bytes of the frame so far: kind, address, count
    reg reading = 0;
    reg [23:0] addr = 0;
    reg [15:0] count = 0;
    reg [1:0] part = 0;         // bytes of the word so far
    reg [31:0] word = 0;
    reg wr_en = 0;
    reg [2:0] answer = 0;       // bytes of the answer to come, and one cycle for the memory
    reg fetch = 0, fetched = 0;
    wire [31:0] rd_data;

    always @(posedge clk) begin
        wr_en <= 0;
        give_en <= 0;
        fetch <= 0;
        fetched <= fetch;
        if (wr_en) addr <= addr + 1;
        if (got_en) case (place)
            0: if (got == "W" || got == "R") begin
                reading <= got == "R";
                place <= 1;
            end
            1, 2: begin
                addr <= {got, addr[23:8]};
                place <= place + 1;
            end
            3: begin
                addr <= {got, addr[23:8]};
                place <= reading ? 0 : 4;
                fetch <= reading;
            end
            4: begin
                count <= {got, count[15:8]};
                place <= 5;
            end
            5: begin
                count <= {got, count[15:8]};
                place <= 6;
                part <= 0;
            end
            default: begin
                word <= {got, word[31:8]};
                part <= part + 1;
                if (part == 3) begin
                    wr_en <= 1;
                    count <= count - 1;
                    if (count == 1) place <= 0;
                end
            end
        endcase
        if (fetched) begin
            word <= rd_data;
            answer <= 4;
        end else if (answer != 0 && !give_busy && !give_en) begin
            give <= word[7:0];
            give_en <= 1;
            word <= {8'd0, word[31:8]};
            answer <= answer - 1;
        end
    end

    spinspike_core core (
        .clk(clk), .rst(rst), .wr_en(wr_en), .wr_addr(addr), .wr_data(word),
        .rd_addr(addr), .rd_data(rd_data)
    );
endmodule

module uart_rx (input wire clk, input wire rx, output reg [7:0] data, output reg en);
    reg [1:0] seen = 3;         // two registers against metastability
    reg [3:0] bits = 0;
    reg [9:0] wait_for = 0;
    always @(posedge clk) begin
        seen <= {seen[0], rx};
        en <= 0;
        if (bits == 0) begin
            if (!seen[1]) begin
                bits <= 9;
                wait_for <= `DIVIDER + `DIVIDER / 2 - 2;  // the middle of the first bit
            end
        end else if (wait_for != 0) wait_for <= wait_for - 1;
        else begin
            wait_for <= `DIVIDER - 1;
            bits <= bits - 1;
            if (bits == 1) en <= seen[1];  // the stop bit
            else data <= {seen[1], data[7:1]};
        end
    end
endmodule

module uart_tx (
    input wire clk, output wire tx, input wire [7:0] data, input wire en, output wire busy
);
    reg [9:0] shift = 10'h3ff;
    reg [3:0] bits = 0;
    reg [9:0] wait_for = 0;
    assign tx = shift[0];
    assign busy = bits != 0;
    always @(posedge clk) begin
        if (bits == 0) begin
            if (en) begin
                shift <= {1'b1, data, 1'b0};
                bits <= 10;
                wait_for <= `DIVIDER - 1;
            end
        end else if (wait_for != 0) wait_for <= wait_for - 1;
        else begin
            wait_for <= `DIVIDER - 1;
            bits <= bits - 1;
            shift <= {1'b1, shift[9:1]};
        end
    end
endmodule
