//! Pictures in folders.

use std::path::{Path, PathBuf};

use ::image::DynamicImage;
use ::image::imageops::FilterType;

use super::Dataset;
use super::dataset::check_rows;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::image::Samples;
use crate::tensor::Tensor;

/// Pictures in a folder with a folder a class, each read when it is asked for: inputs `(rows, channels, height,
/// width)` from 0 to 1, targets `(rows)`, `u32`. Classes are in the order of their folders' names, the pictures
/// of a class in that of theirs; files and folders whose names start with a dot are left out.
///
/// Which formats can be read is up to the program's own features of the `image` crate. With
/// [`Loader::prefetch`](super::Loader::prefetch) the pictures are read and decoded beside training.
///
/// ```no_run
/// use tilewise::prelude::*;
/// use tilewise::data::{ImageFolder, Loader};
///
/// let pets = ImageFolder::open("pets", &Device::default())?.resize(64, 64)?; // pets/cat/1.png, pets/dog/…
/// println!("{:?}", pets.classes());
/// let loader = Loader::new(pets, 32)?.shuffle(0).prefetch(2);
/// for batch in loader.epoch(0) {
///     let (x, y) = batch?; // (32, 3, 64, 64) and (32)
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageFolder {
    classes: Vec<String>,
    /// The pictures, and the class of each.
    files: Vec<(PathBuf, u32)>,
    /// Width and height.
    size: Option<[u32; 2]>,
    grey: bool,
    device: Device,
}

const OP: &str = "ImageFolder";

impl ImageFolder {
    /// Looks which pictures there are.
    ///
    /// # Errors
    /// A folder that cannot be read, or has no folder in it.
    #[track_caller]
    pub fn open(folder: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let folder = folder.as_ref();
        let (mut classes, mut files) = (Vec::new(), Vec::new());
        for inner in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            let class = classes.len() as u32;
            let name = inner.file_name().unwrap_or_default();
            classes.push(name.to_string_lossy().into_owned());
            let pictures = entries(&inner)?.into_iter().filter(|path| path.is_file());
            files.extend(pictures.map(|path| (path, class)));
        }
        if classes.is_empty() {
            return fail(
                folder,
                "there is no folder in it; one is needed for each class",
            );
        }
        Ok(Self {
            classes,
            files,
            size: None,
            grey: false,
            device: device.clone(),
        })
    }

    /// Pictures of this width and height, in pixels, scaled by a triangle filter where they are of others:
    /// without it all pictures of a batch must be of one size.
    ///
    /// # Errors
    /// A size of 0.
    #[track_caller]
    pub fn resize(self, width: u32, height: u32) -> Result<Self> {
        if width == 0 || height == 0 {
            let message = format!("a picture needs pixels, not {width}×{height} of them");
            return Err(Error::value(OP, message));
        }
        let size = Some([width, height]);
        Ok(Self { size, ..self })
    }

    /// One channel of grey, and not three of red, green and blue.
    pub fn grey(self) -> Self {
        Self { grey: true, ..self }
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The file of each example, and its class.
    pub fn files(&self) -> &[(PathBuf, u32)] {
        &self.files
    }

    /// A picture as `(channels, height, width)`.
    #[track_caller]
    fn picture(&self, path: &Path) -> Result<Tensor> {
        let picture = match ::image::ImageReader::open(path).map(|r| r.with_guessed_format()) {
            Ok(Ok(reader)) => reader.decode().map_err(|error| error.to_string()),
            Ok(Err(error)) | Err(error) => Err(error.to_string()),
        };
        let mut picture = match picture {
            Ok(picture) => picture,
            Err(error) => return fail(path, error),
        };
        if let Some([width, height]) = self.size
            && [picture.width(), picture.height()] != [width, height]
        {
            picture = picture.resize_exact(width, height, FilterType::Triangle);
        }
        let picture = match self.grey {
            true => DynamicImage::from(picture.into_luma8()),
            false => picture.into_rgb8().into(),
        };
        Tensor::from_image(picture, Samples::Unit, &self.device)?.permute(&[2, 0, 1])
    }
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    #[track_caller]
    fn batch(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        check_rows(OP, rows, self.len())?;
        let mut pictures: Vec<Tensor> = Vec::with_capacity(rows.len());
        for &row in rows {
            let path = &self.files[row].0;
            let picture = self.picture(path)?;
            if let Some(first) = pictures.first()
                && first.shape() != picture.shape()
            {
                let message = format!(
                    "it is {} where others of the batch are {}; resize makes them of one size",
                    picture.shape_ref(),
                    first.shape_ref()
                );
                return fail(path, message);
            }
            pictures.push(picture);
        }
        let classes: Vec<u32> = rows.iter().map(|&row| self.files[row].1).collect();
        let inputs = match pictures.is_empty() {
            true => {
                let [width, height] = self.size.unwrap_or([0, 0]).map(|size| size as usize);
                let channels = if self.grey { 1 } else { 3 };
                Tensor::zeros([0, channels, height, width], &self.device)?
            }
            false => Tensor::stack(&pictures.iter().collect::<Vec<_>>(), 0)?,
        };
        Ok((inputs, Tensor::new(classes, &self.device)?))
    }
}

/// What is in a folder and not hidden, by name.
#[track_caller]
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        entries.collect()
    };
    let mut paths = match read() {
        Ok(paths) => paths,
        Err(error) => return fail(folder, error),
    };
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        !name.as_encoded_bytes().starts_with(b".")
    });
    paths.sort();
    Ok(paths)
}

#[track_caller]
fn fail<T>(path: &Path, message: impl ToString) -> Result<T> {
    Err(Error::new(ErrorKind::File {
        op: OP,
        file: path.display().to_string(),
        message: message.to_string(),
    }))
}
