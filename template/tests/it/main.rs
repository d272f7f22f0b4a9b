//! The engine over folders, and what holds for all templates.

mod engine;
mod properties;
mod tags;
