//! Sets in files.

use std::path::PathBuf;

use tilewise::data::idx;
use tilewise::{DType, Device, ErrorKind, Result};

tests![types, hostile, compressed, sets, missing];

/// A file of bytes: its header for these sizes, then the elements.
fn file(code: u8, dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[cfg(feature = "flate2")]
fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A folder of this test's own, without anything in it.
fn folder(name: &str, device: &Device) -> PathBuf {
    let kind = format!("{:?}", device.info().kind);
    let name = format!("tilewise-{}-{name}-{kind}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn types(device: &Device) -> Result<()> {
    for (code, values, want, dtype) in [
        (0x08, vec![0, 255], [0.0, 255.0], DType::U32),
        (0x09, vec![127, 128], [127.0, -128.0], DType::I32),
        (0x0b, vec![1, 2, 0xff, 0xfe], [258.0, -2.0], DType::I32),
        (
            0x0c,
            vec![0, 0, 1, 0, 255, 255, 255, 255],
            [256.0, -1.0],
            DType::I32,
        ),
        (
            0x0d,
            [1.5f32.to_be_bytes(), (-2f32).to_be_bytes()].concat(),
            [1.5, -2.0],
            DType::F32,
        ),
        (
            0x0e,
            [0.5f64.to_be_bytes(), 3f64.to_be_bytes()].concat(),
            [0.5, 3.0],
            DType::F32,
        ),
    ] {
        let x = idx::read(&file(code, &[2, 1], &values)[..], device)?;
        assert_eq!((x.shape(), x.dtype()), (&[2, 1][..], dtype));
        assert_eq!(x.to_vec::<f64>()?, want);
    }
    let empty = idx::read(&file(8, &[0, 28, 28], &[])[..], device)?;
    assert_eq!(empty.shape(), [0, 28, 28]);
    Ok(())
}

#[track_caller]
fn refused(bytes: &[u8], device: &Device, word: &str) {
    let error = idx::read(bytes, device).expect_err(word);
    assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
    assert!(error.to_string().contains(word), "{error}");
    assert_eq!(error.location().file(), file!());
}

fn hostile(device: &Device) {
    let most = u32::MAX;
    refused(&[], device, "it ends within the header");
    refused(&[0, 0, 8], device, "it ends within the header");
    refused(
        &[0, 0, 8, 2, 0, 0, 0, 1, 0],
        device,
        "it ends within the header",
    );
    refused(b"\x89PNG\r\n", device, "starts with two zeros");
    refused(&file(7, &[1], &[0]), device, "0x07 is no type");
    refused(
        &file(8, &[3, 2], &[0; 5]),
        device,
        "promises [3, 2] elements, 6 bytes, but there are 5",
    );
    refused(
        &file(8, &[3], &[0; 4]),
        device,
        "3 bytes, but there are more",
    );
    // More than any memory, more than can be counted, more axes than there may be.
    refused(&file(8, &[most], &[0; 4]), device, "promises [4294967295]");
    refused(
        &file(0x0e, &[most; 8], &[]),
        device,
        "promises [4294967295, ",
    );
    refused(&file(8, &[1; 200], &[0]), device, "promises [1, 1");
    // Less than the device could hold: nothing is allocated for what is not there.
    refused(&file(8, &[1 << 24], &[0]), device, "but there are 1");
}

#[cfg(feature = "flate2")]
fn compressed(device: &Device) -> Result<()> {
    let plain = file(8, &[2, 2], &[1, 2, 3, 4]);
    let x = idx::read(&packed(&plain)[..], device)?;
    assert_eq!(x.to_vec::<u32>()?, [1, 2, 3, 4]);
    let cut = packed(&plain);
    refused(&cut[..cut.len() / 2], device, "");
    refused(&packed(b"no IDX file"), device, "starts with two zeros");
    // A few KB that would become 100 MB: no more is read than the header says.
    refused(
        &packed(&file(8, &[2], &vec![0; 100 << 20])),
        device,
        "but there are more",
    );
    refused(b"\x1f\x8b", device, "");
    Ok(())
}

#[cfg(not(feature = "flate2"))]
fn compressed(device: &Device) {
    refused(b"\x1f\x8b\x08\0", device, "turn on the feature `flate2`");
}

fn sets(device: &Device) -> Result<()> {
    let folder = folder("mnist", device);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("a file can be written");
    };
    write(
        "train-images-idx3-ubyte",
        &file(8, &[2, 1, 2], &[0, 255, 51, 102]),
    );
    write("train-labels-idx1-ubyte", &file(8, &[2], &[7, 0]));
    let test = (file(8, &[1, 1, 2], &[255, 0]), file(8, &[1], &[9]));
    #[cfg(feature = "flate2")]
    {
        write("t10k-images-idx3-ubyte.gz", &packed(&test.0));
        write("t10k-labels-idx1-ubyte.gz", &packed(&test.1));
    }
    #[cfg(not(feature = "flate2"))]
    {
        write("t10k-images-idx3-ubyte", &test.0);
        write("t10k-labels-idx1-ubyte", &test.1);
    }
    let (train, test) = idx::mnist(&folder, device)?;
    assert_eq!(train.inputs().shape(), [2, 1, 1, 2]);
    assert_eq!(train.inputs().to_vec::<f32>()?, [0.0, 1.0, 0.2, 0.4]);
    assert_eq!(train.targets().to_vec::<u32>()?, [7, 0]);
    assert_eq!(test.targets().to_vec::<u32>()?, [9]);
    write("train-labels-idx1-ubyte", &file(8, &[3], &[7, 0, 1]));
    let error = idx::mnist(&folder, device).expect_err("three labels of two images");
    assert!(error.to_string().contains("as many targets"), "{error}");
    write("train-images-idx3-ubyte", &file(8, &[2], &[0, 255]));
    let error = idx::mnist(&folder, device).expect_err("no images");
    assert!(error.to_string().contains("(n, height, width)"), "{error}");
    std::fs::remove_dir_all(folder).expect("the folder is there");
    Ok(())
}

fn missing(device: &Device) {
    let error = idx::mnist("no such folder", device).expect_err("no folder");
    let name = error.to_string();
    assert!(name.contains("train-images-idx3-ubyte"), "{error}");
    assert_eq!(error.location().file(), file!());
}
