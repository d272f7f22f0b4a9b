//! The peers behind the same few calls as ours.
#![allow(unsafe_code)]

use std::ptr;

use httlib_hpack::{Decoder as HttlibDecode, Encoder as HttlibEncode};
use libnghttp2_sys as ng;

/// Names and values.
pub(crate) type List = Vec<(Vec<u8>, Vec<u8>)>;

/// nghttp2's decoder.
pub(crate) struct Inflater(*mut ng::nghttp2_hd_inflater);

impl Default for Inflater {
    fn default() -> Self {
        let mut inflater = ptr::null_mut();
        // SAFETY: the pointer is one to write to; nghttp2 gives 0 if it has.
        assert_eq!(unsafe { ng::nghttp2_hd_inflate_new(&mut inflater) }, 0);
        Inflater(inflater)
    }
}

impl Inflater {
    /// How many fields the block has.
    pub(crate) fn decode(&mut self, mut block: &[u8]) -> usize {
        let mut fields = 0;
        loop {
            let mut field =
                ng::nghttp2_nv { name: ptr::null_mut(), value: ptr::null_mut(), namelen: 0, valuelen: 0, flags: 0 };
            let mut flags = 0;
            // SAFETY: the inflater is alive, `block` is readable for its length, and the others are ours to be written.
            let used =
                unsafe { ng::nghttp2_hd_inflate_hd2(self.0, &mut field, &mut flags, block.as_ptr(), block.len(), 1) };
            block = &block[usize::try_from(used).expect("a valid block")..];
            if flags & ng::NGHTTP2_HD_INFLATE_EMIT as i32 != 0 {
                fields += 1;
            }
            if flags & ng::NGHTTP2_HD_INFLATE_FINAL as i32 != 0 {
                // SAFETY: the inflater is alive.
                unsafe { ng::nghttp2_hd_inflate_end_headers(self.0) };
                return fields;
            }
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: made by `nghttp2_hd_inflate_new`, and this is the last use.
        unsafe { ng::nghttp2_hd_inflate_del(self.0) };
    }
}

/// nghttp2's encoder, with the lists in the shape that it wants.
pub(crate) struct Deflater<'a> {
    deflater: *mut ng::nghttp2_hd_deflater,
    lists: Vec<Vec<ng::nghttp2_nv>>,
    borrowed: std::marker::PhantomData<&'a List>,
}

impl<'a> Deflater<'a> {
    pub(crate) fn new(lists: &'a [List]) -> Self {
        let mut deflater = ptr::null_mut();
        // SAFETY: the pointer is one to write to; nghttp2 gives 0 if it has.
        assert_eq!(unsafe { ng::nghttp2_hd_deflate_new(&mut deflater, 4096) }, 0);
        let field = |(name, value): &(Vec<u8>, Vec<u8>)| ng::nghttp2_nv {
            name: name.as_ptr().cast_mut(),
            value: value.as_ptr().cast_mut(),
            namelen: name.len(),
            valuelen: value.len(),
            flags: 0,
        };
        let lists = lists.iter().map(|list| list.iter().map(field).collect()).collect();
        Deflater { deflater, lists, borrowed: std::marker::PhantomData }
    }

    pub(crate) fn encode(&mut self, number: usize, out: &mut Vec<u8>) {
        let list = &self.lists[number];
        // SAFETY: the deflater is alive, the list and its texts are borrowed for as long as this, and `out` has the room
        // that it is said to have; what was written becomes its length.
        unsafe {
            let written =
                ng::nghttp2_hd_deflate_hd2(self.deflater, out.as_mut_ptr(), out.capacity(), list.as_ptr(), list.len());
            out.set_len(usize::try_from(written).expect("room enough"));
        }
    }
}

impl Drop for Deflater<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `nghttp2_hd_deflate_new`, and this is the last use.
        unsafe { ng::nghttp2_hd_deflate_del(self.deflater) };
    }
}

/// httlib-hpack's decoder.
pub(crate) struct Httlib(HttlibDecode<'static>);

impl Default for Httlib {
    fn default() -> Self {
        Httlib(HttlibDecode::with_dynamic_size(4096))
    }
}

impl Httlib {
    pub(crate) fn decode(&mut self, block: &[u8]) -> usize {
        // It eats its input.
        let (mut input, mut fields) = (block.to_vec(), Vec::with_capacity(16));
        self.0.decode(&mut input, &mut fields).expect("a valid block");
        fields.len()
    }
}

/// httlib-hpack's encoder.
pub(crate) struct HttlibEncoder(HttlibEncode<'static>);

impl Default for HttlibEncoder {
    fn default() -> Self {
        HttlibEncoder(HttlibEncode::with_dynamic_size(4096))
    }
}

impl HttlibEncoder {
    pub(crate) fn encode(&mut self, list: &List, out: &mut Vec<u8>) {
        let flags = HttlibEncode::WITH_INDEXING | HttlibEncode::BEST_FORMAT;
        for (name, value) in list {
            self.0.encode((name.clone(), value.clone(), flags), out).expect("a field");
        }
    }
}
