//! A tensor engine.
#[allow(dead_code)]
mod op;
