// Plays bench.hex against the core: the memories, images, and what must come out.
// Each entry is kind(8) address(24) data(32): 1 write and wait, 2 read a word, 3 read its lowest bit.
// With a simulator that knows delays (iverilog -DCLOCKED -g2005) it runs by itself; without
// CLOCKED somebody else moves clk until done.
module bench
`ifndef CLOCKED
    (input wire clk, output reg done, output reg [31:0] checked, output reg [31:0] wrong)
`endif
;
`ifdef CLOCKED
    reg clk = 0, done;
    reg [31:0] checked, wrong;
    always #5 clk = !clk;
    always @(posedge done) begin
        $display("%0d of %0d words differ", wrong, checked);
        $finish;
    end
`endif
    reg [63:0] ops [0:(1 << `BENCH_BITS) - 1];
    initial $readmemh("bench.hex", ops);
    initial begin done = 0; checked = 0; wrong = 0; end

    reg [`BENCH_BITS-1:0] at = 0;
    reg [3:0] state = 0;
    reg [63:0] op = 0;
    reg rst = 1, wr_en = 0;
    wire busy;
    wire [31:0] rd_data;

    always @(posedge clk) begin
        rst <= 0;
        wr_en <= 0;
        case (state)
            0: begin
                op <= ops[at];
                at <= at + 1;
                state <= 1;
            end
            1: case (op[63:56])
                1: begin
                    wr_en <= 1;
                    state <= 2;
                end
                2, 3: state <= 4;
                default: done <= 1;
            endcase
            2: state <= 3;
            3: if (!busy) state <= 0;
            4: state <= 5;
            default: begin
                checked <= checked + 1;
                // case inequality, or what is unknown to a simulator would pass
                if (op[63:56] == 3 ? rd_data[0] !== op[0] : rd_data !== op[31:0]) wrong <= wrong + 1;
                state <= 0;
            end
        endcase
    end

    spinspike_core core (
        .clk(clk), .rst(rst), .wr_en(wr_en), .wr_addr(op[55:32]), .wr_data(op[31:0]),
        .rd_addr(op[55:32]), .rd_data(rd_data), .busy(busy)
    );
endmodule
