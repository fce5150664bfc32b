//! The loop that wires everything, and the only writer of the index.
