//! The only place that starts other processes, and where a worker locks itself in.
