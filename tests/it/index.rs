//! The index and the journal: durability, damage, rebuild.

mod child;
mod damage;
mod kill;
mod measure;
mod power;
mod search;
