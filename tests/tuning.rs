//! Choosing a product's kernel by measuring: nothing but speed depends on it, and what was chosen stands.

use std::path::PathBuf;

use tilewise::prelude::*;
use tilewise::{DeviceOptions, Tuning};

use crate::support::Gpu;

tests![
    a_tuned_device_gives_the_same_bits,
    what_is_chosen_stands,
    a_given_choice_is_what_runs,
    a_file_keeps_the_choices,
    devices_share_a_file,
    in_the_background,
    a_damaged_file_is_not_used,
    damaged_texts_are_errors,
    nothing_is_chosen_on_the_cpu,
];

/// A folder of this test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tilewise-tuning-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder to write to");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Products of several layouts and sizes, one with an epilogue that overwrites an operand's memory.
fn work(dev: &Device) -> Result<Vec<f32>> {
    let mut generator = Generator::new(5);
    let a = generator.normal([37, 70], dev)?;
    let b = generator.normal([70, 45], dev)?;
    let c = generator.normal([37, 45], dev)?;
    let batch = generator.normal([3, 16, 16], dev)?;
    dev.flush()?;
    let mut values = Vec::new();
    let sum = (c.clone() + a.matmul(&b)?).relu();
    drop(c);
    values.extend(sum.to_vec::<f32>()?);
    values.extend(a.t().matmul(&sum)?.to_vec::<f32>()?);
    values.extend(batch.matmul(&batch)?.to_vec::<f32>()?);
    Ok(values)
}

fn a_tuned_device_gives_the_same_bits(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new())?;
    let plain = work(dev)?;
    assert!(dev.tuning().is_empty());
    let mut during = Vec::new();
    dev.autotune(|| {
        during = work(dev)?;
        Ok(())
    })?;
    assert_eq!(dev.tuning().len(), 3, "{}", dev.tuning());
    assert_eq!(during, plain);
    assert_eq!(work(dev)?, plain);
    Ok(())
}

fn what_is_chosen_stands(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new())?;
    dev.autotune(|| work(dev))?;
    let chosen = dev.tuning();
    let count = || dev.counters().dispatches;
    let before = count();
    work(dev)?;
    let plain = count() - before;
    dev.autotune(|| work(dev))?;
    assert_eq!(count() - before, 2 * plain, "measured again");
    assert_eq!(dev.tuning(), chosen);
    // And is what another device is opened with.
    let options = DeviceOptions::new().tuning(chosen.to_string().parse()?);
    let other = &gpu.open(options)?;
    assert_eq!(other.tuning(), chosen);
    other.autotune(|| work(other))?;
    assert_eq!(other.tuning(), chosen);
    Ok(())
}

fn a_given_choice_is_what_runs(gpu: Gpu<'_>) -> Result<()> {
    let dev = &gpu.open(DeviceOptions::new())?;
    let plain = work(dev)?;
    dev.autotune(|| work(dev))?;
    let text = dev.tuning().to_string();
    for kernel in ["registers", "workgroup"] {
        let folder = Folder::new(kernel);
        let choices = text.lines().skip(1).map(|line| {
            let (_, case) = line.split_once(' ').expect("a choice");
            format!("{kernel} {case}\n")
        });
        let given: String = [String::from("tilewise tuning 1\n")]
            .into_iter()
            .chain(choices)
            .collect();
        let options = DeviceOptions::new()
            .tuning(given.parse()?)
            .dump_shaders(&folder.0);
        assert_eq!(work(&gpu.open(options)?)?, plain);
        let files = std::fs::read_dir(&folder.0).expect("shaders");
        let names = files.map(|f| f.expect("a file").file_name().into_string().expect("ASCII"));
        let products: Vec<String> = names.filter(|n| n.starts_with("matmul")).collect();
        let wanted = format!("matmul_{kernel}-");
        assert!(
            !products.is_empty() && products.iter().all(|n| n.starts_with(&wanted)),
            "{products:?}"
        );
    }
    Ok(())
}

fn a_file_keeps_the_choices(gpu: Gpu<'_>) -> Result<()> {
    let folder = Folder::new("file");
    let path = folder.0.join("tuning.txt");
    let options = || DeviceOptions::new().tuning_file(&path);
    let dev = &gpu.open(options())?;
    assert!(!path.exists());
    dev.autotune(|| work(dev))?;
    let other = &gpu.open(options())?;
    assert_eq!(other.tuning(), dev.tuning());
    assert_eq!(other.tuning().len(), 3);
    // Choices for other adapters stay in it.
    let foreign = "workgroup f32 along across 9 9 9 0 Some Other GPU vulkan 1.2.3\n";
    let text = std::fs::read_to_string(&path).expect("a file") + foreign;
    std::fs::write(&path, &text).expect("a file to write to");
    let third = &gpu.open(options())?;
    let x = Tensor::ones([200, 200], third)?.contiguous();
    third.autotune(|| x.matmul(&x))?;
    assert_eq!(third.tuning().len(), 5);
    let kept = std::fs::read_to_string(&path).expect("a file");
    assert!(kept.contains(foreign), "{kept}");
    assert_eq!(kept.parse::<Tuning>()?, third.tuning());
    Ok(())
}

fn devices_share_a_file(gpu: Gpu<'_>) -> Result<()> {
    let folder = Folder::new("shared");
    let path = folder.0.join("tuning.txt");
    let open = || gpu.open(DeviceOptions::new().tuning_file(&path));
    let square = |dev: &Device, n: usize| -> Result<()> {
        let x = Tensor::from_slice(&vec![1f32; n * n], [n, n], dev)?;
        dev.autotune(|| x.matmul(&x))
    };
    let kept = || std::fs::read_to_string(&path).map(|text| text.parse::<Tuning>());
    let (one, other) = (open()?, open()?);
    square(&one, 16)?;
    square(&other, 64)?;
    square(&one, 8)?;
    let mut all = one.tuning();
    all.merge(other.tuning());
    assert_eq!((all.len(), kept().expect("a file")?), (3, all));
    // A file that went is there again, though nothing new is chosen.
    std::fs::remove_file(&path).expect("it is there");
    square(&one, 8)?;
    assert_eq!(kept().expect("a file")?, one.tuning());
    Ok(())
}

fn in_the_background(gpu: Gpu<'_>) -> Result<()> {
    let plain = work(&gpu.open(DeviceOptions::new())?)?;
    let dev = &gpu.open(DeviceOptions::new().background_tuning())?;
    // What runs once is not worth it.
    assert_eq!(work(dev)?, plain);
    dev.synchronize()?;
    assert!(dev.tuning().is_empty());
    assert_eq!(work(dev)?, plain);
    let start = std::time::Instant::now();
    while dev.tuning().len() < 3 {
        assert!(start.elapsed().as_secs() < 100, "{}", dev.tuning());
        // The program goes on meanwhile, and its results are the same.
        assert_eq!(work(dev)?, plain);
    }
    let pipelines = dev.counters().pipelines;
    assert_eq!(work(dev)?, plain);
    assert_eq!(dev.counters().pipelines, pipelines, "a run waited");
    // A device may go while it measures.
    let gone = gpu.open(DeviceOptions::new().background_tuning())?;
    for _ in 0..2 {
        assert_eq!(work(&gone)?, plain);
    }
    drop(gone);
    // The CPU executor has nothing to choose.
    let cpu = Device::open("cpu", DeviceOptions::new().background_tuning())?;
    for _ in 0..3 {
        work(&cpu)?;
    }
    assert!(cpu.tuning().is_empty());
    Ok(())
}

fn a_damaged_file_is_not_used(gpu: Gpu<'_>) -> Result<()> {
    let folder = Folder::new("damaged");
    let path = folder.0.join("tuning.txt");
    for garbage in [
        &b"tilewise tuning 1\nfast please\n"[..],
        b"\xff\xfe\x00",
        b"",
        b"tilewise tuning 99\n",
    ] {
        std::fs::write(&path, garbage).expect("a file to write to");
        let dev = &gpu.open(DeviceOptions::new().tuning_file(&path))?;
        assert!(dev.tuning().is_empty());
        dev.autotune(|| work(dev))?;
        let kept = std::fs::read_to_string(&path).expect("a text");
        assert_eq!(kept.parse::<Tuning>()?, dev.tuning());
    }
    // A file that cannot be written is an error of who asks for a choice.
    let nowhere = folder.0.join("no folder").join("tuning.txt");
    let dev = &gpu.open(DeviceOptions::new().tuning_file(nowhere))?;
    for _ in 0..2 {
        let error = dev.autotune(|| work(dev)).expect_err("no folder");
        assert!(error.to_string().contains("cannot be written"), "{error}");
    }
    work(dev)?;
    // What is no file is not read: it might not end.
    let dev = &gpu.open(DeviceOptions::new().tuning_file(&folder.0))?;
    assert!(dev.tuning().is_empty());
    Ok(())
}

fn damaged_texts_are_errors() -> Result<()> {
    const GOOD: &str = "tilewise tuning 1\nworkgroup f32 along across 9 8 7 0 A GPU\n";
    let tuning: Tuning = GOOD.parse()?;
    assert_eq!((tuning.len(), tuning.to_string().as_str()), (1, GOOD));
    for (from, to) in [
        ("tuning 1", "tuning 2"),
        ("workgroup", "fastest"),
        ("workgroup", "vector"),
        ("along", "diagonal"),
        (" 9", " -9"),
        (" 9", " 64"),
        (" 9", ""),
        (" A GPU", ""),
        ("f32", "f77"),
    ] {
        let error = GOOD.replace(from, to).parse::<Tuning>().expect_err(to);
        assert!(error.to_string().contains("line"), "{error}");
    }
    Ok(())
}

fn nothing_is_chosen_on_the_cpu() -> Result<()> {
    let dev = &Device::new_cpu();
    dev.autotune(|| work(dev))?;
    assert!(dev.tuning().is_empty());
    Ok(())
}
