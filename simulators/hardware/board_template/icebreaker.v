// 12 MHz to 24 MHz: 12 x 64 / 32.
module board_clock (input wire clk_in, output wire clk);
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'd63), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (.PACKAGEPIN(clk_in), .PLLOUTGLOBAL(clk), .RESETB(1'b1), .BYPASS(1'b0));
endmodule
