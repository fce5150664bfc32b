//! From one colour encoding to another: a list of ops with their numbers, applied in order.
