//! Encoder, decoders, channel and event source, in memory and in virtual time.

mod channel;
mod event_source;
mod properties;
mod replay;
