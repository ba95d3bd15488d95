"""The learned integrator: a linear recurrent network whose memory is one outlier eigenvalue."""
