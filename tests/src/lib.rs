//! Helpers of the conformance tests, one module for each subject.

pub mod websocket;
