"""The development network: several systems on one machine, made, started and ended together."""
