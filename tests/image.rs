//! Pictures of the `image` crate to tensors and back.

use ::image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage,
};
use tilewise::data::{Dataset, ImageFolder, Loader};
use tilewise::image::Samples;
use tilewise::{DType, Device, ErrorKind, Result, Tensor};

tests![
    to_tensors,
    there_and_back,
    to_vectors,
    out_of_tensors,
    views,
    errors,
    folders,
];

fn rgb() -> RgbImage {
    RgbImage::from_fn(3, 2, |x, y| {
        Rgb([(x * 100) as u8, (y * 255) as u8, (x + y) as u8])
    })
}

fn to_tensors(device: &Device) -> Result<()> {
    let x = Tensor::from_image(rgb(), Samples::Unit, device)?;
    assert_eq!((x.shape(), x.dtype()), (&[2, 3, 3][..], DType::F32));
    let want: Vec<f32> = rgb().as_raw().iter().map(|&v| v as f32 / 255.0).collect();
    assert_eq!(x.to_vec::<f32>()?, want);
    let x = Tensor::from_image(rgb(), Samples::Whole, device)?;
    let want: Vec<u32> = rgb().as_raw().iter().map(|&v| v.into()).collect();
    assert_eq!((x.dtype(), x.to_vec::<u32>()?), (DType::U32, want));
    let grey = GrayImage::from_pixel(2, 1, Luma([255]));
    assert_eq!(
        Tensor::from_image(grey, Samples::Unit, device)?.shape(),
        [1, 2, 1]
    );
    let deep: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_pixel(1, 1, Luma([65535u16]));
    let deep = DynamicImage::from(deep);
    assert_eq!(
        Tensor::from_image(deep.clone(), Samples::Unit, device)?.item::<f32>()?,
        1.0
    );
    assert_eq!(
        Tensor::from_image(deep, Samples::Whole, device)?.item::<u32>()?,
        65535
    );
    let floats: ImageBuffer<Rgb<f32>, _> = ImageBuffer::from_pixel(1, 1, Rgb([0.25f32, 2.0, -1.0]));
    let x = Tensor::from_image(floats, Samples::Unit, device)?;
    assert_eq!(x.to_vec::<f32>()?, [0.25, 2.0, -1.0]);
    Ok(())
}

/// Every sample of 8 bits survives the way to 0…1 and back.
fn there_and_back(device: &Device) -> Result<()> {
    let all: Vec<u8> = (0..=255).collect();
    let grey = GrayImage::from_raw(16, 16, all.clone()).expect("256 samples");
    let pictures = [
        DynamicImage::from(grey),
        GrayAlphaImage::from_raw(16, 8, all.clone())
            .expect("256 samples")
            .into(),
        rgb().into(),
        RgbaImage::from_raw(8, 8, all).expect("256 samples").into(),
    ];
    for picture in pictures {
        for samples in [Samples::Unit, Samples::Whole] {
            let again = Tensor::from_image(picture.clone(), samples, device)?.to_image()?;
            assert_eq!(again, picture);
        }
    }
    Ok(())
}

/// An image of (3, 3, 2) becomes a vector of (18, 1).
fn to_vectors(device: &Device) -> Result<()> {
    let raw: Vec<u8> = (0..18).collect();
    let picture = GrayAlphaImage::from_raw(3, 3, raw.clone()).expect("18 samples");
    let x = Tensor::from_image(picture.clone(), Samples::Whole, device)?;
    assert_eq!(x.shape(), [3, 3, 2]);
    let vector = x.reshape([-1, 1])?;
    assert_eq!(vector.shape(), [18, 1]);
    assert_eq!(vector.to_vec::<u32>()?, (0..18).collect::<Vec<u32>>());
    assert_eq!(
        vector.reshape([3, 3, 2])?.to_image()?.into_luma_alpha8(),
        picture
    );
    Ok(())
}

fn out_of_tensors(device: &Device) -> Result<()> {
    // Limited, rounded half to even, and 0 for NaN.
    let x = Tensor::new([[-1.0f32, 0.5, 2.0, f32::NAN, 2.5 / 255.0]], device)?;
    assert_eq!(x.to_image()?.into_luma8().into_raw(), [0, 128, 255, 0, 2]);
    let mask = Tensor::new([[true], [false]], device)?;
    let picture = mask.to_image()?.into_luma8();
    assert_eq!(
        (picture.dimensions(), picture.into_raw()),
        ((1, 2), vec![255, 0])
    );
    let pixel = Tensor::new([[[1, 2, 3, 255]]], device)?
        .to_image()?
        .into_rgba8();
    assert_eq!(pixel[(0, 0)], Rgba([1, 2, 3, 255]));
    if device.supports_f16() {
        let half = Tensor::new([[1.0f32]], device)?.to_dtype(DType::F16);
        assert_eq!(half.to_image()?.into_luma8().into_raw(), [255]);
    }
    Ok(())
}

fn views(device: &Device) -> Result<()> {
    let x = Tensor::from_image(rgb(), Samples::Unit, device)?;
    let turned = x.transpose(0, 1)?.flip(0)?.to_image()?;
    assert_eq!(turned, DynamicImage::from(rgb()).rotate270());
    let red = x.slice(tilewise::s![.., .., 0])?.to_image()?.into_luma8();
    assert_eq!(red.into_raw(), [0, 100, 200, 0, 100, 200]);
    Ok(())
}

fn errors(device: &Device) -> Result<()> {
    for shape in [&[3][..], &[2, 2, 5], &[2, 2, 0], &[1, 2, 2, 3]] {
        let error = Tensor::zeros(shape, device)?
            .to_image()
            .expect_err("no picture");
        assert!(matches!(error.kind(), ErrorKind::Shape { .. }), "{error}");
    }
    let error = Tensor::new([[256]], device)?
        .to_image()
        .expect_err("out of range");
    assert!(error.to_string().contains("256 is no sample"), "{error}");
    assert_eq!(error.location().file(), file!());
    let floats: ImageBuffer<Rgb<f32>, _> = ImageBuffer::from_pixel(1, 1, Rgb([0.5f32; 3]));
    let error = Tensor::from_image(floats, Samples::Whole, device).expect_err("floats");
    assert!(error.to_string().contains("Samples::Unit"), "{error}");
    // No rows.
    assert_eq!(Tensor::zeros([0, 4], device)?.to_image()?.height(), 0);
    Ok(())
}

/// A folder a class, in the order of their names.
fn folders(device: &Device) -> Result<()> {
    let name = format!("tilewise-{}-{:?}", std::process::id(), device.info().kind);
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let error = ImageFolder::open(&folder, device).expect_err("no classes");
    assert!(
        error.to_string().contains("one is needed for each class"),
        "{error}"
    );
    let save = |name: &str, colour: [u8; 3], width: u32| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a class")).expect("a folder can be made");
        let picture = RgbImage::from_pixel(width, 2, Rgb(colour));
        picture.save(path).expect("a picture can be written");
    };
    save("dog/b.ppm", [255, 0, 51], 3);
    save("dog/a.ppm", [0, 0, 0], 3);
    save("cat/z.ppm", [255; 3], 3);
    save(".hidden/z.ppm", [255; 3], 3);
    std::fs::create_dir_all(folder.join("emu")).expect("a folder can be made");
    std::fs::write(folder.join("notes.txt"), "no class").expect("a file can be written");
    std::fs::write(folder.join("dog/.thumbs"), "no picture").expect("a file can be written");
    let pets = ImageFolder::open(&folder, device)?;
    assert_eq!(pets.classes(), ["cat", "dog", "emu"]);
    assert_eq!(pets.len(), 3);
    let (x, y) = pets.batch(&[0, 1, 2])?;
    assert_eq!(
        (x.shape(), y.to_vec::<u32>()?),
        (&[3, 3, 2, 3][..], vec![0, 1, 1])
    );
    let colours = x.slice(tilewise::s![.., .., 1, 2])?.to_vec::<f32>()?;
    assert_eq!(colours, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.2]);
    assert_eq!(pets.clone().grey().batch(&[2])?.0.shape(), [1, 1, 2, 3]);
    save("dog/c.ppm", [9; 3], 4);
    let pets = ImageFolder::open(&folder, device)?;
    let error = pets.batch(&[0, 3]).expect_err("two sizes");
    assert!(
        error.to_string().contains("c.ppm: it is (3,2,4)"),
        "{error}"
    );
    let pets = pets.resize(5, 4)?;
    assert_eq!(pets.batch(&[])?.0.shape(), [0, 3, 4, 5]);
    let loader = Loader::new(pets.clone(), 4)?.prefetch(1);
    let batch = loader.epoch(0).next().expect("a batch")?;
    assert_eq!(batch.0.shape(), [4, 3, 4, 5]);
    std::fs::write(folder.join("dog/a.ppm"), "P6 1 1 255 ").expect("a file can be written");
    let error = pets.batch(&[1]).expect_err("a picture that ends early");
    assert!(error.to_string().contains("a.ppm: "), "{error}");
    assert!(pets.batch(&[4]).is_err() && pets.resize(0, 1).is_err());
    std::fs::remove_dir_all(folder).expect("the folder is there");
    Ok(())
}
