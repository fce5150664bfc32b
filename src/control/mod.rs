//! Requests, snapshots and the control socket.
