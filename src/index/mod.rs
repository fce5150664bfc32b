//! What is known: a typed index over sled, and the journal of what must not be lost.
