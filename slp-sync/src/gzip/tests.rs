//! The named attacks on the gzip layer, made here, and the vectors that lie outside when they are there.

use std::io::{Read, Write};
use std::num::NonZero;

use sha2::{Digest, Sha256};

use super::{Deflater, Reader, Stored};
use crate::warning::WarningKind;
use crate::{ErrorKind, Limits};

/// Bytes by chance, of which these bits are kept: with six of them they compress a little, as those of reports do.
pub(crate) fn noise(length: usize, bits: u8) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1] & bits
    };
    (0..length).map(step).collect()
}

fn pack(content: &[u8]) -> Vec<u8> {
    Deflater::default().compress(content).unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<u8>, (ErrorKind, Option<&'static str>)> {
    Reader::new(bytes, &Limits::default()).read_all().map_err(|error| {
        assert!(error.is_fatal(), "{error}");
        (error.kind(), error.name())
    })
}

/// A member with its header replaced and bytes put after it.
fn headed(flags: u8, extra: &[u8], content: &[u8]) -> Vec<u8> {
    let packed = pack(content);
    let mut out = packed[..10].to_vec();
    out[3] = flags;
    out.extend_from_slice(extra);
    out.extend_from_slice(&packed[10..]);
    out
}

#[test]
fn what_was_packed_comes_back() {
    for length in [0_usize, 1, 65_535, 65_536, 1_048_576, 1_048_577, 3_000_000] {
        let content = noise(length, 0x3f);
        assert!(read(&pack(&content)).unwrap() == content, "{length}");
        let mut stored = Stored::new(Vec::new()).unwrap();
        stored.write_all(&content).unwrap();
        assert!(read(&stored.finish().unwrap()).unwrap() == content, "{length} stored");
    }
}

#[test]
fn a_file_that_is_no_gzip_file_is_refused_for_what_it_is() {
    let good = pack(b"usage");
    assert_eq!(read(b""), Err((ErrorKind::BadGzip, Some("empty"))));
    assert_eq!(read(b"<smartLicense>"), Err((ErrorKind::BadGzip, Some("magic"))));
    assert_eq!(read(b"PK\x03\x04"), Err((ErrorKind::BadGzip, Some("magic"))));
    assert_eq!(read(b"\x1f\x9d"), Err((ErrorKind::BadGzip, Some("magic"))), "the compress of old");
    assert_eq!(read(&[&good[..2], b"\x07", &good[3..]].concat()), Err((ErrorKind::BadGzip, Some("method"))));
    assert_eq!(read(&headed(0xe0, b"", b"x")), Err((ErrorKind::BadGzip, Some("flags"))));
    let mut damaged = good.clone();
    damaged[10] = 0xff;
    assert_eq!(read(&damaged), Err((ErrorKind::BadGzip, Some("deflate"))));
}

#[test]
fn a_cut_at_any_byte_is_noticed() {
    let good = pack(b"usage, usage and more usage");
    for length in 1..good.len() {
        assert_eq!(read(&good[..length]).unwrap_err().0, ErrorKind::Truncated, "{length}");
    }
}

#[test]
fn checksum_and_length_are_compared() {
    let good = pack(b"usage");
    for from_end in [8, 1] {
        let mut bad = good.clone();
        let at = bad.len() - from_end;
        bad[at] ^= 1;
        assert_eq!(read(&bad), Err((ErrorKind::BadChecksum, Some("gzip"))));
    }
}

#[test]
fn a_reader_shows_how_far_it_is_and_not_its_buffers() {
    let packed = pack(b"usage");
    let mut reader = Reader::new(&packed[..], &Limits::default());
    reader.read_all().unwrap();
    let shown = format!("{reader:?}");
    let far = format!("phase: End, consumed: {}, produced: 5, ..", packed.len() - 10);
    assert!(shown.contains(&far) && shown.len() < 500, "{shown}");
}

#[test]
fn a_second_member_or_garbage_after_the_first_is_refused_and_zeros_are_warned_of() {
    let good = pack(b"usage");
    assert_eq!(read(&[&good[..], &good[..]].concat()), Err((ErrorKind::MultipleMembers, None)));
    assert_eq!(read(&[&good[..], &[0; 512], &good[..]].concat()), Err((ErrorKind::MultipleMembers, None)));
    assert_eq!(read(&[&good[..], b"GARBAGE"].concat()), Err((ErrorKind::TrailingData, None)));
    assert_eq!(read(&[&good[..], b"\x1f"].concat()), Err((ErrorKind::TrailingData, None)));
    let padded = [&good[..], &[0; 512]].concat();
    let mut reader = Reader::new(&padded[..], &Limits::default());
    assert_eq!(reader.read_all().unwrap(), b"usage");
    assert!(reader.warnings().has(WarningKind::TrailingZeros));
    let mut endless = good;
    endless.resize(endless.len() + 1024 * 1024 + 1, 0);
    assert_eq!(read(&endless), Err((ErrorKind::Limit, Some("trailing_zero_bytes"))));
}

#[test]
fn optional_header_fields_are_passed_over_up_to_a_limit() {
    assert_eq!(read(&headed(8, b"../../etc/passwd\0", b"x")).unwrap(), b"x");
    let field = [&[0xff, 0xff][..], &[0; 65_535]].concat();
    assert_eq!(read(&headed(4, &field, b"x")).unwrap(), b"x");
    let endless = headed(8, &vec![b'a'; 2 * 1024 * 1024], b"x");
    assert_eq!(read(&endless), Err((ErrorKind::Limit, Some("gzip_extra_bytes"))));
}

#[test]
fn a_header_checksum_is_compared_when_there_is_one() {
    let header = [0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 0xff];
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let [low, high, ..] = crc.sum().to_le_bytes();
    assert_eq!(read(&headed(2, &[low, high], b"x")).unwrap(), b"x");
    assert_eq!(read(&headed(2, &[low ^ 1, high], b"x")), Err((ErrorKind::BadChecksum, Some("gzip"))));
}

#[test]
fn a_bomb_is_stopped_before_two_mebibytes() {
    let bomb = pack(&vec![0; 8 * 1024 * 1024]);
    let mut reader = Reader::new(&bomb[..], &Limits::default());
    let mut out = vec![0_u8; 2 * 1024 * 1024];
    let error = reader.read_exact(&mut out).unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<crate::Error>().unwrap();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("ratio")));
}

/// Where a refusal or the one warning is.
fn byte(bytes: &[u8], limits: &Limits) -> (Option<ErrorKind>, Option<u64>) {
    let mut reader = Reader::new(bytes, limits);
    match reader.read_all() {
        Err(error) => (Some(error.kind()), error.location().byte),
        Ok(_) => (None, reader.warnings().iter().next().and_then(|warning| warning.at.byte)),
    }
}

#[test]
fn what_is_wrong_is_placed_in_the_file() {
    let good = pack(b"usage");
    let length = good.len() as u64;
    let behind = |bytes: &[u8]| [&good, bytes].concat();
    let limits = Limits { gzip_extra_bytes: 5, trailing_zero_bytes: 600, ..Limits::default() };
    let mut damaged = good.clone();
    damaged[good.len() - 8] ^= 1;
    for (what, bytes, kind, at) in [
        ("a second member", behind(&good), ErrorKind::MultipleMembers, length),
        (
            "a second member behind zeros",
            behind(&[&[0; 512], &good[..]].concat()),
            ErrorKind::MultipleMembers,
            length + 512,
        ),
        ("other bytes behind zeros", behind(&[0, 0, 7]), ErrorKind::TrailingData, length + 2),
        ("zeros", behind(&[0; 601]), ErrorKind::Limit, length),
        ("a checksum", damaged, ErrorKind::BadChecksum, length - 8),
        ("a cut trailer", good[..good.len() - 1].to_vec(), ErrorKind::Truncated, length - 8),
        ("a cut body", good[..good.len() - 9].to_vec(), ErrorKind::Truncated, length - 9),
        ("a cut header", good[..9].to_vec(), ErrorKind::Truncated, 0),
        ("a cut name", headed(8, b"usa", b"")[..13].to_vec(), ErrorKind::Truncated, 13),
        ("a long name", headed(8, b"usage!\0", b"x"), ErrorKind::Limit, 15),
    ] {
        assert_eq!(byte(&bytes, &limits), (Some(kind), Some(at)), "{what}");
    }
    assert_eq!(byte(&behind(&[0; 600]), &limits), (None, Some(length)), "the zeros that were warned of");
    // a name of five bytes, its NUL counted, and fields of the same length together
    assert_eq!(byte(&headed(8, b"name\0", b"x"), &limits), (None, None));
    assert_eq!(byte(&headed(4 | 8 | 16, b"\x01\0x\0nam\0", b"x"), &limits).0, Some(ErrorKind::Limit));
    assert_eq!(byte(&headed(4 | 8 | 16, b"\x01\0xn\0c\0", b"x"), &limits), (None, None));
}

#[test]
fn a_header_checksum_covers_every_optional_field() {
    let fields = b"\x02\0abname\0comment\0";
    let header = [&[0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 0xff], &fields[..]].concat();
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    let [low, high, ..] = crc.sum().to_le_bytes();
    let with = |crc: [u8; 2]| headed(2 | 4 | 8 | 16, &[&fields[..], &crc].concat(), b"x");
    assert_eq!(read(&with([low, high])).unwrap(), b"x");
    assert_eq!(read(&with([low, high ^ 1])), Err((ErrorKind::BadChecksum, Some("gzip"))));
}

#[test]
fn the_ratio_itself_passes_and_counts_from_a_mebibyte_on() {
    const LENGTH: usize = 1_108_800;
    let zeros = |length: usize| pack(&vec![0; length]);
    let judged = |packed: &[u8], ratio: u64| {
        let limits = Limits { ratio, ..Limits::default() };
        Reader::new(packed, &limits).read_all().map(|all| all.len()).map_err(|error| error.name())
    };
    // header and trailer do not count; empty blocks in front bring the rest to a divisor of the length
    let packed = zeros(LENGTH);
    let wanted = (packed.len() - 18 + 5_000..).step_by(5).find(|body| LENGTH.is_multiple_of(*body)).unwrap();
    let blocks = [0, 0, 0, 0xff, 0xff].repeat((wanted - (packed.len() - 18)) / 5);
    let packed = [&packed[..10], &blocks, &packed[10..]].concat();
    let ratio = (LENGTH / wanted) as u64;
    assert_eq!(judged(&packed, ratio), Ok(LENGTH));
    assert_eq!(judged(&packed, ratio - 1), Err(Some("ratio")));
    assert_eq!(judged(&zeros(1 << 20), 1), Ok(1 << 20));
    assert_eq!(judged(&zeros((1 << 20) + 1), 1), Err(Some("ratio")));
}

#[test]
fn inflated_bytes_are_counted() {
    let packed = pack(&[7; 1000]);
    let mut limits = Limits { inflated_bytes: 1000, ..Limits::default() };
    assert_eq!(Reader::new(&packed[..], &limits).read_all().unwrap().len(), 1000);
    limits.inflated_bytes = 999;
    let error = Reader::new(&packed[..], &limits).read_all().unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("inflated_bytes")));
}

#[test]
fn any_chunking_of_the_source_gives_the_same_bytes() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let take = buffer.len().min(self.0.len()).min(3);
            buffer[..take].copy_from_slice(&self.0[..take]);
            self.0 = &self.0[take..];
            Ok(take)
        }
    }
    let content = noise(300_000, 0x3f);
    let packed = pack(&content);
    let source = crate::source::Input::new(Slow(&packed), u64::MAX);
    assert!(Reader::new(source, &Limits::default()).read_all().unwrap() == content);
}

/// The vector of the specification: byte i is `'a' + (i * i / 7) mod 26`.
fn vector() -> Vec<u8> {
    (0..2_621_440_u64).map(|index| b'a' + u8::try_from(index * index / 7 % 26).unwrap()).collect()
}

#[test]
fn the_chunk_vector_has_its_digest_on_any_number_of_threads() {
    let content = vector();
    for threads in [1, 2, 3, 8] {
        let packed = Deflater::new(NonZero::new(threads).unwrap()).unwrap().compress(&content).unwrap();
        assert_eq!(packed.len(), 10_653, "{threads} threads");
        let digest: String = Sha256::digest(&packed).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "2826bf88cfc340c853daac3cdb88695a2469b6ef747b051beba53bd2a9c299b4");
    }
    assert_eq!(read(&pack(&content)), Err((ErrorKind::Limit, Some("ratio"))));
}

#[test]
fn a_body_of_whole_chunks_ends_with_the_last_of_them() {
    for length in [super::CHUNK, 2 * super::CHUNK] {
        let content = noise(length, 0x3f);
        let one = pack(&content);
        let two = Deflater::new(NonZero::new(2).unwrap()).unwrap().compress(&content).unwrap();
        assert!(one == two);
        assert!(read(&one).unwrap() == content);
        assert!(!one.ends_with(&[0, 0, 0xff, 0xff]), "no empty last block");
    }
}

#[test]
fn a_flush_reaches_the_output_and_changes_no_byte() {
    struct Flushed(Vec<u8>, usize);
    impl Write for Flushed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            self.1 += 1;
            Ok(())
        }
    }
    fn half_and_half(mut member: impl Write) {
        member.write_all(b"us").unwrap();
        member.flush().unwrap();
        member.write_all(b"age").unwrap();
    }
    let mut stored = Stored::new(Flushed(Vec::new(), 0)).unwrap();
    half_and_half(&mut stored);
    let out = stored.finish().unwrap();
    assert_eq!((out.1, out.0.len(), read(&out.0).unwrap()), (1, 18 + 5 + 5, b"usage".to_vec()), "one block");
    let mut packed = Deflater::default().member(Flushed(Vec::new(), 0)).unwrap();
    half_and_half(&mut packed);
    let out = packed.finish().unwrap();
    assert_eq!((out.1, out.0), (1, pack(b"usage")));
}

#[test]
fn an_empty_stored_member_is_one_empty_block() {
    let out = Stored::new(Vec::new()).unwrap().finish().unwrap();
    assert_eq!(&out[10..15], &[1, 0, 0, 0xff, 0xff]);
    assert_eq!(read(&out).unwrap(), b"");
}
