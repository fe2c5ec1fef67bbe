"""What we say to ctr: a client for the calls, and one module of operations for each noun."""
