// One read port, one write port, no value at start unless a file gives it. The core never reads
// a word in the cycle in which it is written: nothing has to be kept from happening there.
module spinspike_ram #(parameter WIDTH = 1, parameter BITS = 1, parameter FILE = "") (
    input wire clk,
    input wire [BITS-1:0] read_addr,
    output reg [WIDTH-1:0] read_data,
    input wire write_en,
    input wire [BITS-1:0] write_addr,
    input wire [WIDTH-1:0] write_data
);
    (* no_rw_check *)
    reg [WIDTH-1:0] words [0:(1 << BITS) - 1];

    generate
        if (FILE != "") initial $readmemh(FILE, words);
    endgenerate

    always @(posedge clk) begin
        if (write_en) words[write_addr] <= write_data;
        read_data <= words[read_addr];
    end
endmodule
