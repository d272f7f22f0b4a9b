//! Every bound of the engine, in one place.
//!
//! A program is code and its data is input; neither may hurt the host. Each number below is a default that a host
//! may change; each is tested at its value and one above it.

/// The bounds of compiling and rendering.
///
/// At 0 a bound lets nothing pass of what it bounds: no step, no byte of output, no include. At the most that its type holds
/// it is off, and the others bound the work as far as they do. Without a bound on memory a program may take all that there is;
/// without one on the stack it may recurse until the thread is at its end, which ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest source in bytes (1 MiB): what bounds the work and the memory of compiling.
    pub source: usize,
    /// Deepest nesting of expressions and blocks in the source (200): what bounds the stack while compiling, and the
    /// depth of one closure inside another afterwards.
    pub nesting: usize,
    /// Loop turns, calls and elements visited by one run (1 000 000), includes counted together. Work on long
    /// strings costs one step for each 128 bytes, a regular expression one step for each 16 tries.
    pub steps: u64,
    /// Bytes that one run may put out (8 MiB).
    pub output: usize,
    /// Bytes of values that one run may hold at a time (12 MiB), estimated; the data that it was given is not counted.
    pub memory: usize,
    /// Bytes of the longest single string value (4 MiB).
    pub string: usize,
    /// Includes inside includes (64).
    pub include_depth: usize,
    /// Bytes of native stack that calls inside a program may use (512 KiB): a program that recurses further gets
    /// JavaScript's "Maximum call stack size exceeded". Compiling may use twice as much, whatever a frame costs in this
    /// build, and then says that the nesting is too deep. A thread of two mebibytes has room for both.
    pub stack: usize,
    /// Deepest nesting of data in `JSON.stringify`, `json()` and implicit string conversion (128, as in `serde_json`).
    pub data_depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            source: 1 << 20,
            nesting: 200,
            steps: 1_000_000,
            output: 8 << 20,
            memory: 12 << 20,
            string: 4 << 20,
            include_depth: 64,
            stack: 512 << 10,
            data_depth: 128,
        }
    }
}
