//! What the fuzz targets share.

pub mod http2;
pub mod parsers;
pub mod hostile;

/// AddressSanitizer would put locals elsewhere than on the stack, whose depth bounds recursion: see `Limits::stack`.
#[unsafe(no_mangle)]
pub extern "C" fn __asan_default_options() -> *const std::ffi::c_char {
    c"detect_stack_use_after_return=0".as_ptr()
}

#[path = "../../tests/src/web_fuzz.rs"]
pub mod web;
#[path = "../../tests/src/tls_fuzz.rs"]
pub mod tls;
