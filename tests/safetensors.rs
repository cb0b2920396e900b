//! Safetensors files: ours, those of other writers, and broken ones.

use std::path::PathBuf;

use tilewise::prelude::*;
use tilewise::safetensors::{self, Narrowing, SafetensorsFile};
use tilewise::{ErrorKind, f16};

tests![
    saved_and_loaded,
    states,
    bytes_are_the_formats,
    every_type,
    narrowing,
    what_is_not_saved,
    a_failure_leaves_the_old_file,
    cut_off_anywhere,
    hostile_headers,
];

/// A folder of this test and device, removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, device: &Device) -> Self {
        let id = format!(
            "tilewise-safetensors-{}-{}-{name}",
            std::process::id(),
            device.info().id.replace(':', "-")
        );
        let folder = std::env::temp_dir().join(id);
        std::fs::create_dir(&folder).expect("a new folder");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("model.safetensors")
    }

    fn count(&self) -> usize {
        std::fs::read_dir(&self.0).expect("the folder").count()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn named(name: &str, tensor: Tensor) -> (String, Tensor) {
    (name.to_owned(), tensor)
}

/// A file of a header and values.
fn file(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(values);
    bytes
}

#[track_caller]
fn says<T>(result: Result<T>, words: &[&str]) {
    let Err(error) = result else {
        panic!("was taken: {words:?}")
    };
    let text = error.to_string();
    assert!(matches!(error.kind(), ErrorKind::File { .. }), "{text}");
    assert_eq!(error.location().file(), file!(), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

fn saved_and_loaded(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("round", dev);
    let x = Tensor::new(
        [
            [1.5f32, -0.0, f32::NAN],
            [f32::MIN_POSITIVE / 2.0, 3., f32::INFINITY],
        ],
        dev,
    )?;
    let mut tensors = vec![
        named("matrix", x.clone()),
        named("turned \"ü\"", x.t()),
        named("ints", Tensor::new([i32::MIN, -1, i32::MAX], dev)?),
        named("words", Tensor::new([0u32, u32::MAX], dev)?),
        named("flags", Tensor::new([true, false, true], dev)?),
        named("scalar", Tensor::new(2.5f32, dev)?),
        named("nothing", Tensor::zeros([0, 3], dev)?),
    ];
    if dev.supports_f16() {
        let halves = [1.5, -65504.0, 6e-8].map(f16::from_f32);
        tensors.push(named("halves", Tensor::new(halves, dev)?));
    }
    safetensors::save(scratch.file(), &tensors, &[("b", "2"), ("a", "1")])?;
    let mut loaded = safetensors::load(scratch.file(), dev)?;
    assert_eq!(loaded.len(), tensors.len());
    loaded.sort_by(|a, b| a.0.cmp(&b.0));
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    for ((name, want), (other, got)) in tensors.iter().zip(&loaded) {
        assert_eq!(
            (name, want.dtype(), want.shape()),
            (other, got.dtype(), got.shape())
        );
        let bits = |x: &Tensor| -> Result<Vec<u64>> {
            Ok(x.to_vec::<f64>()?.into_iter().map(f64::to_bits).collect())
        };
        assert_eq!(bits(want)?, bits(got)?, "{name}");
    }
    let mut file = SafetensorsFile::open(scratch.file())?;
    let words: Vec<_> = file.metadata().iter().collect();
    assert_eq!(format!("{words:?}"), r#"[("a", "1"), ("b", "2")]"#);
    let scalar = file.load("scalar", Narrowing::Checked, dev)?;
    assert_eq!((scalar.shape(), scalar.item::<f32>()?), (&[][..], 2.5));
    says(
        file.load("bias", Narrowing::Checked, dev),
        &["\"bias\"", "there are matrix"],
    );
    // Nothing at all is a file too.
    safetensors::save(scratch.file(), &[], &[])?;
    assert!(safetensors::load(scratch.file(), dev)?.is_empty());
    assert_eq!(scratch.count(), 1);
    Ok(())
}

fn states(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("states", dev);
    let (model, other) = (
        nn::mlp([3, 4, 2], nn::Relu, dev)?,
        nn::mlp([3, 4, 2], nn::Relu, dev)?,
    );
    safetensors::save(scratch.file(), &model.state(), &[])?;
    other.load_state(&safetensors::load(scratch.file(), dev)?, nn::Load::Exact)?;
    let x = Tensor::new([[1f32, -2., 3.]], dev)?;
    assert_eq!(
        other.forward(&x)?.to_vec::<f32>()?,
        model.forward(&x)?.to_vec::<f32>()?
    );
    Ok(())
}

/// Sorted by alignment and name, aligned, and the same for any order of what is given.
fn bytes_are_the_formats(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("bytes", dev);
    let mut tensors = vec![
        named("mask", Tensor::new([true, false, true], dev)?),
        named("b", Tensor::new([1i32], dev)?),
        named("w", Tensor::new([[1f32], [2.]], dev)?),
        named("a", Tensor::new([2i32], dev)?),
    ];
    let want = file(
        concat!(
            r#"{"__metadata__":{"format":"pt","x":"y"},"#,
            r#""w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#,
            r#""a":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},"#,
            r#""b":{"dtype":"I32","shape":[1],"data_offsets":[12,16]},"#,
            r#""mask":{"dtype":"BOOL","shape":[3],"data_offsets":[16,19]}} "#
        ),
        &[0, 0, 128, 63, 0, 0, 0, 64, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1],
    );
    safetensors::save(scratch.file(), &tensors, &[("x", "y"), ("format", "pt")])?;
    let got = std::fs::read(scratch.file()).expect("the file");
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&want)
    );
    tensors.reverse();
    safetensors::save(scratch.file(), &tensors, &[("format", "pt"), ("x", "y")])?;
    assert_eq!(std::fs::read(scratch.file()).expect("the file"), want);
    Ok(())
}

/// Loads one tensor `x` of two elements.
fn two(
    scratch: &Scratch,
    dtype: &str,
    values: &[u8],
    narrowing: Narrowing,
    dev: &Device,
) -> Result<Tensor> {
    let length = values.len();
    let header =
        format!(r#"{{"x":{{"dtype":"{dtype}","shape":[2],"data_offsets":[0,{length}]}}}}"#);
    std::fs::write(scratch.file(), file(&header, values)).expect("written");
    let mut tensors = safetensors::load_with(scratch.file(), narrowing, dev)?;
    Ok(tensors.remove(0).1)
}

fn every_type(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("types", dev);
    let half = if dev.supports_f16() {
        DType::F16
    } else {
        DType::F32
    };
    let cases: [(&str, &[u8], DType, [f64; 2]); 13] = [
        ("BOOL", &[1, 0], DType::Bool, [1., 0.]),
        ("U8", &[7, 255], DType::U32, [7., 255.]),
        ("I8", &[7, 255], DType::I32, [7., -1.]),
        ("U16", &[1, 1, 255, 255], DType::U32, [257., 65535.]),
        ("I16", &[1, 1, 254, 255], DType::I32, [257., -2.]),
        (
            "U32",
            &[1, 0, 0, 0, 0, 0, 0, 128],
            DType::U32,
            [1., 2147483648.],
        ),
        (
            "I32",
            &[1, 0, 0, 0, 0, 0, 0, 128],
            DType::I32,
            [1., -2147483648.],
        ),
        (
            "U64",
            &[3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0],
            DType::U32,
            [3., 4294967295.],
        ),
        (
            "I64",
            &[
                3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
            ],
            DType::I32,
            [3., -1.],
        ),
        ("F16", &[0, 0x3e, 0, 0xfc], half, [1.5, f64::NEG_INFINITY]),
        (
            "BF16",
            &[0xc0, 0x3f, 0x80, 0xff],
            DType::F32,
            [1.5, f64::NEG_INFINITY],
        ),
        (
            "F32",
            &[0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xff],
            DType::F32,
            [1.5, f64::NEG_INFINITY],
        ),
        (
            "F64",
            &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0xff],
            DType::F32,
            [1.5, f64::NEG_INFINITY],
        ),
    ];
    for (name, bytes, dtype, want) in cases {
        let x = two(&scratch, name, bytes, Narrowing::Checked, dev)?;
        assert_eq!(
            (x.dtype(), x.to_vec::<f64>()?),
            (dtype, want.to_vec()),
            "{name}"
        );
    }
    for (name, bytes) in [("F8_E4M3", 2), ("C64", 16)] {
        let x = two(&scratch, name, &[0; 16][..bytes], Narrowing::Checked, dev);
        says(x, &["tensor \"x\"", name, "not read"]);
    }
    says(
        two(&scratch, "F31", &[0; 8], Narrowing::Checked, dev),
        &["tensor \"x\"", "F31"],
    );
    Ok(())
}

fn narrowing(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("narrowing", dev);
    let large = [&1u64.to_le_bytes()[..], &(1u64 << 40).to_le_bytes()].concat();
    let beyond = [&1f64.to_le_bytes()[..], &1e300f64.to_le_bytes()].concat();
    for (dtype, bytes, nearest) in [
        ("U64", &large, u32::MAX as f64),
        ("I64", &large, i32::MAX as f64),
        ("F64", &beyond, f64::INFINITY),
    ] {
        let checked = two(&scratch, dtype, bytes, Narrowing::Checked, dev);
        says(checked, &["tensor \"x\"", "at element 1", "Lossy"]);
        let lossy = two(&scratch, dtype, bytes, Narrowing::Lossy, dev)?;
        assert_eq!(lossy.to_vec::<f64>()?, [1.0, nearest], "{dtype}");
    }
    Ok(())
}

fn what_is_not_saved(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("mistakes", dev);
    let x = Tensor::new([1f32], dev)?;
    let twice = [named("x", x.clone()), named("x", x.clone())];
    says(
        safetensors::save(scratch.file(), &twice, &[]),
        &["\"x\"", "twice"],
    );
    let reserved = [named("__metadata__", x.clone())];
    says(
        safetensors::save(scratch.file(), &reserved, &[]),
        &["__metadata__"],
    );
    let words = [("a", "1"), ("a", "2")];
    says(
        safetensors::save(scratch.file(), &twice[..1], &words),
        &["\"a\"", "twice"],
    );
    says(
        safetensors::save(scratch.0.join("no/such"), &twice[..1], &[]),
        &["no/such"],
    );
    says(safetensors::save("/", &twice[..1], &[]), &["file's name"]);
    says(
        safetensors::load(scratch.file(), dev),
        &["model.safetensors"],
    );
    assert_eq!(scratch.count(), 0);
    Ok(())
}

/// A value that cannot be computed is met while the file is being written.
fn a_failure_leaves_the_old_file(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("failure", dev);
    let x = Tensor::new([1f32, 2.], dev)?;
    safetensors::save(scratch.file(), &[named("x", x.clone())], &[])?;
    let before = std::fs::read(scratch.file()).expect("the file");
    let index = Tensor::new([5i32], dev)?;
    let broken = x.take(&index, 0)?;
    let error =
        safetensors::save(scratch.file(), &[named("a", x), named("b", broken)], &[]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Index { .. }), "{error}");
    assert_eq!(std::fs::read(scratch.file()).expect("the file"), before);
    assert_eq!(scratch.count(), 1);
    Ok(())
}

fn cut_off_anywhere(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("cut", dev);
    let tensors = [
        named("x", Tensor::new([1f32, 2.], dev)?),
        named("y", Tensor::new([true], dev)?),
    ];
    safetensors::save(scratch.file(), &tensors, &[("a", "b")])?;
    let whole = std::fs::read(scratch.file()).expect("the file");
    for length in 0..whole.len() {
        std::fs::write(scratch.file(), &whole[..length]).expect("written");
        says(
            safetensors::load(scratch.file(), dev),
            &["model.safetensors"],
        );
    }
    let longer = [&whole[..], &[0]].concat();
    std::fs::write(scratch.file(), longer).expect("written");
    says(
        safetensors::load(scratch.file(), dev),
        &["longer than its header says"],
    );
    Ok(())
}

fn hostile_headers(dev: &Device) -> Result<()> {
    let scratch = Scratch::new("hostile", dev);
    let tensor = |shape: &str, offsets: &str| {
        format!(r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let cases = [
        ("", "no safetensors file"),
        ("[]", "no safetensors file"),
        ("{\"x\":1}", "tensor \"x\""),
        ("{\"x\":{\"dtype\":\"F32\",\"shape\":[2]}}", "data_offsets"),
        ("{\"__metadata__\":{\"a\":1}}", "does not hold words alone"),
        (&tensor("[2]", "[8,0]"), "does not fill bytes 8 to 0"),
        (&tensor("[3]", "[0,8]"), "shape [3] of F32 does not fill"),
        (
            &tensor("[2]", "[4,12]"),
            "starts at byte 4, where 0 is free",
        ),
        (&tensor("[4]", "[0,16]"), "cut off"),
        (&tensor("[-2]", "[0,8]"), "tensor \"x\""),
        (
            &tensor("[18446744073709551615,0]", "[0,0]"),
            "can be counted",
        ),
        (
            &tensor("[4294967296,4294967296]", "[0,0]"),
            "can be counted",
        ),
        (&tensor("[1,1,1,1,1,1,1,1,1,2]", "[0,8]"), "dimensions"),
        (
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            "\"b\" starts at byte 4, where 8 is free",
        ),
    ];
    for (header, word) in cases {
        std::fs::write(scratch.file(), file(header, &[0; 8])).expect("written");
        let error = safetensors::load(scratch.file(), dev)
            .expect_err(header)
            .to_string();
        assert!(error.contains(word), "no {word:?} in: {error}");
    }
    for size in [u64::MAX, 1 << 40, 200_000_000] {
        std::fs::write(scratch.file(), size.to_le_bytes()).expect("written");
        says(
            safetensors::load(scratch.file(), dev),
            &["cut off", &size.to_string()],
        );
    }
    // Deep nesting must not end the program.
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    std::fs::write(scratch.file(), file(&deep, &[])).expect("written");
    says(
        safetensors::load(scratch.file(), dev),
        &["no safetensors file"],
    );
    Ok(())
}
