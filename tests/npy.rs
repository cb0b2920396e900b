//! NumPy's files: those that NumPy wrote, our own, and broken ones.

use std::path::{Path, PathBuf};

use tilewise::npy::{self, Narrowing, NpyFile, Npz};
use tilewise::{DType, Device, ErrorKind, Result, Tensor, f16};

tests![
    every_type_that_numpy_writes,
    shapes_and_orders,
    narrowing,
    what_is_not_read,
    bytes_are_numpys,
    written_and_read_again,
    archives,
    parts_of_a_file,
    cut_off_anywhere,
    hostile_headers,
    flipped_bytes,
];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// A file of this test and device, removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, device: &Device) -> Self {
        let id = format!(
            "tilewise-{}-{}-{name}",
            std::process::id(),
            device.info().id.replace(':', "-")
        );
        Self(std::env::temp_dir().join(id))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may not have been written.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn every_type_that_numpy_writes(device: &Device) -> Result<()> {
    let mut archive = Npz::open(golden("arrays.npz"))?;
    let mut seen = 0;
    for name in archive.names() {
        let Some((kind, _)) = name.split_once(' ').filter(|(kind, _)| *kind != "wide") else {
            continue;
        };
        seen += 1;
        let x = archive.load(&name, device)?;
        assert_eq!(x.shape(), [2, 3], "{name}");
        match &kind[..1] {
            "b" => assert_eq!(
                x.to_vec::<bool>()?,
                [true, false, true, false, false, true],
                "{name}"
            ),
            "u" => assert_eq!(x.to_vec::<u32>()?, [0, 1, 2, 3, 100, 127], "{name}"),
            "i" => assert_eq!(x.to_vec::<i32>()?, [-128, -1, 0, 1, 100, 127], "{name}"),
            _ => {
                let half = kind.starts_with("f2") && device.supports_f16();
                assert_eq!(
                    x.dtype(),
                    if half { DType::F16 } else { DType::F32 },
                    "{name}"
                );
                let values = x.to_vec::<f64>()?;
                assert_eq!(values[..5], [-1.5, -0.0, 0.25, 3.0, 1000.0], "{name}");
                assert!(values[1].is_sign_negative() && values[5].is_nan(), "{name}");
            }
        }
    }
    // Bools and bytes have one byte order, the nine others two; each in C and in Fortran order.
    assert_eq!(seen, (3 + 9 * 2) * 2);
    Ok(())
}

fn shapes_and_orders(device: &Device) -> Result<()> {
    let mut archive = Npz::open(golden("arrays.npz"))?;
    let scalar = archive.load("scalar", device)?;
    assert_eq!((scalar.shape(), scalar.item::<f32>()?), (&[][..], 2.5));
    let empty = archive.load("empty", device)?;
    assert_eq!((empty.shape(), empty.dtype()), (&[0, 3][..], DType::I32));
    assert_eq!(
        archive.load("vector", device)?.to_vec::<f32>()?,
        [0., 1., 2., 3., 4., 5., 6.]
    );
    let cube = archive.load("cube", device)?;
    assert_eq!(cube.shape(), [2, 3, 4]);
    assert_eq!(cube.to_vec::<i32>()?, (0..24).collect::<Vec<i32>>());
    let mut compressed = Npz::open(golden("compressed.npz"))?;
    assert_eq!(compressed.names(), ["zeros", "range"]);
    assert_eq!(compressed.load("zeros", device)?.shape(), [30, 50]);
    assert_eq!(
        compressed.load("range", device)?.sum(..)?.item::<i32>()?,
        4950
    );
    Ok(())
}

fn narrowing(device: &Device) -> Result<()> {
    let mut archive = Npz::open(golden("arrays.npz"))?;
    for (name, value) in [
        ("wide f", "1000000"),
        ("wide i", "1099511627776"),
        ("wide u", "1099511627776"),
    ] {
        let error = archive.load(name, device).expect_err(name);
        assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(value) && text.contains("at element 1") && text.contains("Lossy"),
            "{text}"
        );
        assert_eq!(error.location().file(), file!());
    }
    let floats = archive
        .load_with("wide f", Narrowing::Lossy, device)?
        .to_vec::<f32>()?;
    assert_eq!(floats, [1.0, f32::INFINITY, f32::INFINITY, 0.1]);
    let ints = archive
        .load_with("wide i", Narrowing::Lossy, device)?
        .to_vec::<i32>()?;
    assert_eq!(ints, [1, i32::MAX, i32::MIN]);
    let words = archive
        .load_with("wide u", Narrowing::Lossy, device)?
        .to_vec::<u32>()?;
    assert_eq!(words, [1, u32::MAX]);
    Ok(())
}

fn what_is_not_read(device: &Device) -> Result<()> {
    let mut archive = Npz::open(golden("arrays.npz"))?;
    for (name, word) in [
        ("complex", "<c16"),
        ("text", "<U1"),
        ("record", "structured"),
        ("none", "no array \"none\""),
    ] {
        let error = archive.load(name, device).expect_err(name);
        assert!(error.to_string().contains(word), "{error}");
    }
    let folder = std::env::temp_dir();
    for error in [
        npy::load(&folder, device).expect_err("no file"),
        Npz::open(&folder).map(drop).expect_err("no file"),
    ] {
        let told = error.to_string();
        assert!(told.contains("this is a directory, not a file"), "{told}");
    }
    for error in [
        npy::load("no such file.npy", device)
            .map(drop)
            .expect_err("no file"),
        npy::load(golden("make.py"), device)
            .map(drop)
            .expect_err("no npy file"),
        Npz::open(golden("plain.npy"))
            .map(drop)
            .expect_err("no archive"),
    ] {
        assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
    }
    Ok(())
}

fn bytes_are_numpys(device: &Device) -> Result<()> {
    let want = std::fs::read(golden("plain.npy")).expect("the file is there");
    let x = npy::load(golden("plain.npy"), device)?;
    assert_eq!(
        x.to_vec::<f32>()?,
        [1.5, -2.0, 3.0, 4.0, 5.0, f32::INFINITY]
    );
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &x)?;
    assert_eq!(bytes, want);
    // A view is written as what it shows.
    bytes.clear();
    npy::write(&mut bytes, &x.t().contiguous().t())?;
    assert_eq!(bytes, want);
    Ok(())
}

fn written_and_read_again(device: &Device) -> Result<()> {
    let scratch = Scratch::new("again.npy", device);
    let mut tensors = vec![
        Tensor::new([[1.5f32, f32::NEG_INFINITY], [-0.0, 1e-40]], device)?,
        Tensor::new([i32::MIN, 0, i32::MAX], device)?,
        Tensor::new([[[u32::MAX]]], device)?,
        Tensor::new([true, false, true], device)?,
        Tensor::new(7, device)?,
        Tensor::zeros([3, 0, 2], device)?,
        Tensor::arange(0, 100_000, 1, device)?
            .reshape([100, 1000])?
            .t(),
    ];
    if device.supports_f16() {
        tensors.push(Tensor::new(
            [f16::MAX, f16::NEG_ZERO, f16::from_f32(0.1)],
            device,
        )?);
    }
    for x in tensors {
        npy::save(&scratch.0, &x)?;
        let y = npy::load(&scratch.0, device)?;
        assert_eq!((y.shape(), y.dtype()), (x.shape(), x.dtype()));
        assert_eq!(y.to_vec::<f64>()?, x.to_vec::<f64>()?);
    }
    let error =
        npy::save("/no such folder/x.npy", &Tensor::new(1, device)?).expect_err("no folder");
    assert!(
        matches!(
            error.kind(),
            ErrorKind::File {
                op: "npy::save",
                ..
            }
        ),
        "{error}"
    );
    Ok(())
}

fn archives(device: &Device) -> Result<()> {
    let (x, y) = (
        Tensor::new([[1.0f32, 2.0]], device)?,
        Tensor::arange(0, 10_000, 1, device)?,
    );
    let scratch = Scratch::new("both.npz", device);
    npy::savez(&scratch.0, &[("x", &x), ("a name, with more", &y)])?;
    let stored = std::fs::metadata(&scratch.0).expect("it is there").len();
    for _ in 0..2 {
        let mut archive = Npz::open(&scratch.0)?;
        assert_eq!(archive.names(), ["x", "a name, with more"]);
        assert_eq!(archive.load("x", device)?.to_vec::<f32>()?, [1.0, 2.0]);
        assert_eq!(
            archive.load("a name, with more", device)?.to_vec::<i32>()?,
            y.to_vec::<i32>()?
        );
        npy::savez_compressed(&scratch.0, &[("x", &x), ("a name, with more", &y)])?;
    }
    let compressed = std::fs::metadata(&scratch.0).expect("it is there").len();
    assert!(
        compressed < stored / 3 * 2,
        "{compressed} of {stored} bytes"
    );
    let error = npy::savez(&scratch.0, &[("x", &x), ("x", &y)]).expect_err("a name twice");
    assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
    Ok(())
}

fn parts_of_a_file(device: &Device) -> Result<()> {
    let scratch = Scratch::new("rows.npy", device);
    npy::save(
        &scratch.0,
        &Tensor::arange(0, 60, 1, device)?.reshape([10, 2, 3])?,
    )?;
    let mut file = NpyFile::open(&scratch.0)?;
    assert_eq!((file.shape(), file.descr()), (&[10, 2, 3][..], "<i4"));
    let rows = file.rows(3..5, Narrowing::Checked, device)?;
    assert_eq!(rows.shape(), [2, 2, 3]);
    assert_eq!(rows.to_vec::<i32>()?, (18..30).collect::<Vec<i32>>());
    assert_eq!(
        file.rows(10..10, Narrowing::Checked, device)?.shape(),
        [0, 2, 3]
    );
    assert_eq!(file.load(Narrowing::Checked, device)?.shape(), [10, 2, 3]);
    #[allow(clippy::reversed_empty_ranges, reason = "what a caller may hand over")]
    for rows in [0..11, 11..12, 5..4] {
        let error = file
            .rows(rows, Narrowing::Checked, device)
            .expect_err("not there");
        assert!(
            matches!(
                error.kind(),
                ErrorKind::File {
                    op: "npy::rows",
                    ..
                }
            ),
            "{error}"
        );
    }
    Ok(())
}

/// A valid file of two dimensions.
fn valid() -> Vec<u8> {
    std::fs::read(golden("plain.npy")).expect("the file is there")
}

fn header(dict: &str) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dict.len() as u16).to_le_bytes());
    bytes.extend(dict.bytes());
    bytes
}

fn cut_off_anywhere(device: &Device) -> Result<()> {
    let bytes = valid();
    for end in 0..bytes.len() {
        let error = npy::read(&bytes[..end], Narrowing::Checked, device).expect_err("cut off");
        assert!(
            matches!(error.kind(), ErrorKind::File { .. }),
            "{end}: {error}"
        );
    }
    // What comes behind is left alone.
    let twice = [&bytes[..], &bytes[..]].concat();
    let mut rest = &twice[..];
    for _ in 0..2 {
        assert_eq!(
            npy::read(&mut rest, Narrowing::Checked, device)?.shape(),
            [2, 3]
        );
    }
    assert!(rest.is_empty());
    let scratch = Scratch::new("cut.npy", device);
    std::fs::write(&scratch.0, &bytes[..bytes.len() - 1]).expect("a file can be written");
    let error = NpyFile::open(&scratch.0).map(drop).expect_err("cut off");
    assert!(
        error
            .to_string()
            .contains("24 bytes of values, 23 are there"),
        "{error}"
    );
    // Archives too, wherever they end.
    let archive = std::fs::read(golden("compressed.npz")).expect("the file is there");
    for end in (0..archive.len()).step_by(7) {
        std::fs::write(&scratch.0, &archive[..end]).expect("a file can be written");
        if let Ok(mut opened) = Npz::open(&scratch.0) {
            let loaded = opened
                .load("zeros", device)
                .and_then(|_| opened.load("range", device));
            assert!(loaded.is_err(), "of {end} bytes");
        }
    }
    Ok(())
}

/// Headers that promise what is not there, or make no sense; nothing is allocated for them.
fn hostile_headers(device: &Device) {
    let shape =
        |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let dicts = [
        shape("(1000000000000000000,)"),
        shape("(100000000000,)"),
        shape("(4294967296, 4294967296)"),
        shape("(9223372036854775807, 9223372036854775807, 0)"),
        shape("(18446744073709551616,)"),
        shape("(99999999999999999999999999,)"),
        shape("(-1,)"),
        shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)"),
        shape("(1 2)"),
        shape("(1.5,)"),
        shape("(1,"),
        shape("[1]"),
        shape("()").replace("'<f8'", "'<f16'"),
        shape("()").replace("'<f8'", "'|O'"),
        shape("()").replace("'<f8'", "''"),
        shape("()").replace("'<f8'", "'é8'"),
        shape("()").replace("'<f8'", "[('a', '<f4')]"),
        shape("()").replace("False", "Maybe"),
        shape("()").replace("'shape'", "'form'"),
        shape("()").replace("'descr': '<f8', ", ""),
        shape("()").replace('{', ""),
        shape("()").replace('}', ""),
        shape("()").replace("': '<f8'", "'"),
        String::new(),
        "{}".into(),
        "{'".into(),
        "'".repeat(60_000),
        "(".repeat(60_000),
    ];
    for dict in dicts {
        let error = npy::read(&header(&dict)[..], Narrowing::Checked, device).expect_err(&dict);
        assert_eq!(error.location().file(), file!(), "{error}");
    }
    // A header longer than the file, and longer than any is.
    for bytes in [
        b"\x93NUMPY\x01\x00\xff\xff{".to_vec(),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(),
        b"\x93NUMPY\x09\x00\x01\x00{".to_vec(),
        b"\x93NUMPX\x01\x00\x01\x00{".to_vec(),
    ] {
        let error = npy::read(&bytes[..], Narrowing::Checked, device).expect_err("broken");
        assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
    }
    // Python 2 wrote longs so, and the order of the keys is free.
    let old = header("{'shape': (2L,), \"fortran_order\": True, 'descr': '|u1'}");
    let bytes = [&old[..], &[7, 9]].concat();
    let x = npy::read(&bytes[..], Narrowing::Checked, device).expect("it is valid");
    assert_eq!(x.to_vec::<u32>().expect("integers"), [7, 9]);
}

/// Whatever a byte becomes, reading ends in a tensor or an error.
fn flipped_bytes() {
    let device = Device::cpu();
    let bytes = valid();
    for at in 0..bytes.len() {
        for value in [0, b'(', b'9', b'\'', b'}', 0x80, 0xff, bytes[at] ^ 1] {
            let mut broken = bytes.clone();
            broken[at] = value;
            // Values may change; the shape and dtype of what is read may too.
            let _ = npy::read(&broken[..], Narrowing::Lossy, &device);
        }
    }
}
