//! The engine over folders, and what holds for all templates.

mod engine;
mod limits;
mod properties;
mod scan;
mod tags;
