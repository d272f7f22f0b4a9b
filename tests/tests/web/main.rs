//! The web layer: its drivers, in virtual time wherever there is a network.

mod files;
mod logs;
mod sessions;
mod world;
