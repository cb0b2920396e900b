//! Tables in text files.

use tilewise::csv::{self, Column, Missing, Options};
use tilewise::{DType, Device, ErrorKind, Result};

tests![
    headers,
    delimiters_and_quotes,
    columns,
    missing,
    errors,
    empty,
    files,
    features_and_targets,
];

fn headers(device: &Device) -> Result<()> {
    let text = "a, b ,c\n1,2,3\n-4.5,5e3,+6\n";
    let table = csv::read(text.as_bytes(), &Options::new(), device)?;
    assert_eq!(table.names, ["a", "b", "c"]);
    assert_eq!(
        (table.values.shape(), table.values.dtype()),
        (&[2, 3][..], DType::F32)
    );
    assert_eq!(
        table.values.to_vec::<f32>()?,
        [1.0, 2.0, 3.0, -4.5, 5000.0, 6.0]
    );
    let table = csv::read("1,2\n3,4".as_bytes(), &Options::new().header(false), device)?;
    assert!(table.names.is_empty());
    // Names that are numbers must be said to be names; beside a word they need not.
    let years = "1999,2000\n1,2\n".as_bytes();
    let table = csv::read(years, &Options::new().header(true), device)?;
    assert_eq!(table.names, ["1999", "2000"]);
    let table = csv::read("x,2000\n1,2\n".as_bytes(), &Options::new(), device)?;
    assert_eq!(table.names, ["x", "2000"]);
    let table = csv::read("1,2\n3,4".as_bytes(), &Options::new().header(false), device)?;
    assert_eq!(table.values.to_string(), "[[1. 2.]\n [3. 4.]]");
    Ok(())
}

fn delimiters_and_quotes(device: &Device) -> Result<()> {
    let text = "\u{feff}\"x; y\";z\r\n 1 ;\"2\"\r\n\r\n3;inf\r\n";
    let table = csv::read(text.as_bytes(), &Options::new().delimiter(b';'), device)?;
    assert_eq!(table.names, ["x; y", "z"]);
    assert_eq!(
        table.values.to_vec::<f32>()?,
        [1.0, 2.0, 3.0, f32::INFINITY]
    );
    let options = Options::new().delimiter(b'\t').header(false);
    let table = csv::read("1\t2\n".as_bytes(), &options, device)?;
    assert_eq!(table.values.shape(), [1, 2]);
    Ok(())
}

/// Columns that are not chosen may hold anything.
fn columns(device: &Device) -> Result<()> {
    let text = "id,x,kind,y\n7,1,cat,2\n8,3,dog,4\n";
    let table = csv::read(
        text.as_bytes(),
        &Options::new().columns(["y", "x", "y"]),
        device,
    )?;
    assert_eq!(table.names, ["y", "x", "y"]);
    assert_eq!(
        table.values.to_vec::<f32>()?,
        [2.0, 1.0, 2.0, 4.0, 3.0, 4.0]
    );
    let mixed = Options::new().columns([Column::from(0), Column::from("x")]);
    let table = csv::read(text.as_bytes(), &mixed, device)?;
    assert_eq!(table.values.to_vec::<f32>()?, [7.0, 1.0, 8.0, 3.0]);
    Ok(())
}

fn missing(device: &Device) -> Result<()> {
    let text = "x,y\n1,\n NA ,4\n";
    let values = csv::read(text.as_bytes(), &Options::new(), device)?.values;
    assert_eq!(
        values.is_nan().to_vec::<bool>()?,
        [false, true, true, false]
    );
    let strict = Options::new().missing(Missing::Error);
    let error = csv::read(text.as_bytes(), &strict, device).expect_err("a value is missing");
    assert!(
        error
            .to_string()
            .contains("a value is missing in line 2, column 1 (y)"),
        "{error}"
    );
    // What says NaN is a number.
    let values = csv::read("x\nNaN\n".as_bytes(), &strict, device)?.values;
    assert!(values.item::<f32>()?.is_nan());
    Ok(())
}

fn errors(device: &Device) {
    let all = Options::new();
    let bare = Options::new().header(false);
    for (text, options, word) in [
        (
            "x,y\n1,2\n3,four\n",
            &all,
            "\"four\" is no number in line 3, column 1 (y)",
        ),
        (
            "1,2\n3,x\n",
            &bare,
            "\"x\" is no number in line 2, column 1",
        ),
        (
            "x,y\n1,2\n3\n",
            &all,
            "line 3 has 1 fields where the lines before have 2",
        ),
        (
            "1,2.5\n3,4\n",
            &all,
            "the first line, 1, 2.5, holds numbers alone: say header(false)",
        ),
        ("x\n1_000\n", &all, "\"1_000\" is no number"),
        (
            "x\n1\n",
            &Options::new().columns(["z"]),
            "no column \"z\" among [\"x\"]",
        ),
        (
            "x\n1\n",
            &Options::new().columns([1]),
            "no column 1 among 1",
        ),
        ("1\n", &bare.clone().columns(["x"]), "without a header"),
        ("", &Options::new().columns(["x"]), "without a header"),
    ] {
        let error = csv::read(text.as_bytes(), options, device).expect_err(text);
        assert!(matches!(error.kind(), ErrorKind::File { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.location().file(), file!());
    }
    // No text at all.
    let error = csv::read(&b"x\n\xff\xfe\n"[..], &all, device).expect_err("no text");
    assert!(error.to_string().contains("line 2"), "{error}");
}

fn empty(device: &Device) -> Result<()> {
    let table = csv::read("".as_bytes(), &Options::new(), device)?;
    assert_eq!(table.values.shape(), [0, 0]);
    let table = csv::read("x,y\n".as_bytes(), &Options::new(), device)?;
    assert_eq!((table.names.len(), table.values.shape()), (2, &[0, 2][..]));
    Ok(())
}

fn files(device: &Device) -> Result<()> {
    let path = std::env::temp_dir().join(format!(
        "tilewise-{}-{}.csv",
        std::process::id(),
        device.name().len()
    ));
    std::fs::write(&path, "x\n0.1\n").expect("a file can be written");
    let table = csv::load(&path, &Options::new(), device);
    std::fs::remove_file(&path).expect("the file is there");
    assert_eq!(table?.values.item::<f32>()?, 0.1);
    let error = csv::load(std::env::temp_dir(), &Options::new(), device).expect_err("no file");
    assert!(
        error
            .to_string()
            .contains("this is a directory, not a file"),
        "{error}"
    );
    let error = csv::load("no such file.csv", &Options::new(), device).expect_err("no file");
    assert!(
        error.to_string().contains("csv::load: no such file.csv"),
        "{error}"
    );
    Ok(())
}

fn features_and_targets(device: &Device) -> Result<()> {
    let text = "a,b,c,d\n1,2,3,4\n5,,7,8\n";
    let table = csv::read(text.as_bytes(), &Options::new(), device)?;
    let (x, y) = table.split(["d", "b"])?;
    assert_eq!(x.to_vec::<f32>()?, [1.0, 3.0, 5.0, 7.0]);
    assert_eq!(
        (y.shape(), y.to_string()),
        (&[2, 2][..], "[[ 4.  2.]\n [ 8. nan]]".into())
    );
    let (x, y) = table.split([Column::Number(0)])?;
    assert_eq!((x.shape(), y.shape()), (&[2, 3][..], &[2, 1][..]));
    let (x, y) = table.split([0, 1, 2, 3])?;
    assert_eq!((x.shape(), y.shape()), (&[2, 0][..], &[2, 4][..]));
    let error = table.split(["e"]).expect_err("no such column");
    assert!(error.to_string().contains("no column \"e\""), "{error}");
    let empty = csv::read("a,b\n".as_bytes(), &Options::new(), device)?;
    assert_eq!(empty.split(["b"])?.0.shape(), [0, 1]);
    Ok(())
}
