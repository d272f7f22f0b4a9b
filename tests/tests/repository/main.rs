//! The repository itself: the order of its crates and rooms, and the form of its chapters.

mod architecture;
mod book;
mod rooms;
