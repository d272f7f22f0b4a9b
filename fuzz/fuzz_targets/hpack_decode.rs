//! Any blocks of one connection, with SETTINGS between them: what the naive decoder says, and what is kept stays within the
//! limits. The first octets of the input say how large the table is and where blocks end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirebook_hpack::{Block, Class, Decoder, Limits, naive};

fuzz_target!(|input: &[u8]| {
    let Some((&[table, list, cut], mut rest)) = input.split_first_chunk::<3>() else { return };
    let table = u32::from(table) * 16;
    let limits = Limits { table, list: if list < 128 { usize::MAX } else { usize::from(list) }, fields: 128 };
    let (mut decoder, mut judge, mut room) = (Decoder::new(limits), naive::Decoder::new(table), Block::default());
    while !rest.is_empty() {
        let (block, behind) = rest.split_at(rest.len().min(usize::from(cut).max(1)));
        rest = behind;
        if block[0] == 0x2a {
            decoder.allow(u32::from(cut));
            judge.allow(u32::from(cut));
        }
        let result = decoder.decode(block, &mut room);
        let judged = judge.decode(block);
        assert_eq!(result.map_err(|error| error.violation), judged.as_ref().map(|_| ()).map_err(|error| *error));
        let Ok(judged) = judged else { return };
        let size: usize = room.fields().map(|field| field.name.len() + field.value.len() + 32).sum();
        assert!(size <= limits.list && room.fields().len() <= limits.fields);
        assert_eq!(room.over(), room.fields().len() < judged.len());
        for (field, (name, value, never)) in room.fields().zip(&judged) {
            assert_eq!((field.name, field.value, field.never_indexed), (&name[..], &value[..], *never));
            assert_eq!((field.name_class, field.value_class), (Class::of(name), Class::of(value)));
        }
    }
});
