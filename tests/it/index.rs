//! The index and the journal: durability, damage, rebuild.
