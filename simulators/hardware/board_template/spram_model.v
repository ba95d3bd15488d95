// What the single-port memory of an iCE40 UP5K does, for simulation alone.
module SB_SPRAM256KA (
    input wire [13:0] ADDRESS, input wire [15:0] DATAIN, input wire [3:0] MASKWREN,
    input wire WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF, output reg [15:0] DATAOUT
);
    reg [15:0] words [0:16383];
    always @(posedge CLOCK) if (CHIPSELECT) begin
        if (WREN) words[ADDRESS] <= DATAIN;
        else DATAOUT <= words[ADDRESS];
    end
endmodule
