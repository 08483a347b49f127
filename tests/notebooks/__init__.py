"""The lessons, run on real engines and compared with what they have saved."""
