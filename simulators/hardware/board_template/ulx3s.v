// 25 MHz to 60 MHz: 25 / 5 x 12, the oscillator at 600.
module board_clock (input wire clk_in, output wire clk);
    (* FREQUENCY_PIN_CLKI="25" *) (* FREQUENCY_PIN_CLKOP="60" *)
    (* ICP_CURRENT="12" *) (* LPF_RESISTOR="8" *)
    EHXPLLL #(
        .CLKI_DIV(5), .CLKFB_DIV(12), .CLKOP_ENABLE("ENABLED"), .CLKOP_DIV(10), .CLKOP_CPHASE(4),
        .CLKOP_FPHASE(0), .FEEDBK_PATH("CLKOP"), .PLLRST_ENA("DISABLED"),
        .INTFB_WAKE("DISABLED"), .STDBY_ENABLE("DISABLED"), .DPHASE_SOURCE("DISABLED")
    ) pll (
        .RST(1'b0), .STDBY(1'b0), .CLKI(clk_in), .CLKOP(clk), .CLKFB(clk), .CLKINTFB(),
        .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1),
        .PHASELOADREG(1'b1), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)
    );
endmodule
