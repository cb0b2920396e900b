//! Every shader is valid WGSL and can be told to Vulkan, Metal and DirectX.
//!
//! naga stands for the compilers. It reads the templates as they stand, and what was generated from
//! them: by a program that uses every kind of kernel, and by all that the tests ran, where
//! `TILEWISE_VALIDATE_SHADERS` names the folder that `TILEWISE_DUMP_SHADERS` had them written to.

use std::collections::BTreeMap;
use std::path::Path;

use naga::back::{hlsl, msl, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use tilewise::{DeviceOptions, MatmulKernel};

use crate::support::{Gpu, broad};

tests![templates, library, generated, collected];

/// The folder of shaders to validate.
const VARIABLE: &str = "TILEWISE_VALIDATE_SHADERS";

/// The shaders of a folder, each with its name.
fn shaders(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name()?.to_str()?.to_owned();
            let is_shader = path.extension().is_some_and(|e| e == "wgsl");
            is_shader.then(|| (name, std::fs::read_to_string(&path).expect("a text")))
        })
        .collect();
    found.sort();
    found
}

fn source() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders")
}

/// Validates a shader and translates it to every language that wgpu does.
fn check(name: &str, text: &str) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(text)
        .map_err(|e| format!("{name}: {}", e.emit_to_string(text)))?;
    let info = Validator::new(
        ValidationFlags::all(),
        Capabilities::IMMEDIATES | Capabilities::SHADER_FLOAT16 | Capabilities::SUBGROUP,
    )
    .validate(&module)
    .map_err(|e| format!("{name}: {}", e.emit_to_string(text)))?;

    spv::write_vec(&module, &info, &spv::Options::default(), None)
        .map_err(|e| format!("{name}: SPIR-V: {e}"))?;

    let entry = msl::EntryPointResources {
        immediates_buffer: Some(30),
        sizes_buffer: Some(29),
        ..Default::default()
    };
    let options = msl::Options {
        lang_version: (2, 4),
        per_entry_point_map: BTreeMap::from([("main".into(), entry)]),
        ..Default::default()
    };
    msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
        .map_err(|e| format!("{name}: MSL: {e}"))?;

    let options = hlsl::Options {
        shader_model: hlsl::ShaderModel::V6_2,
        immediates_target: Some(hlsl::BindTarget::default()),
        ..Default::default()
    };
    let pipeline = hlsl::PipelineOptions::default();
    hlsl::Writer::new(&mut String::new(), &options, &pipeline)
        .write(&module, &info, None)
        .map_err(|e| format!("{name}: HLSL: {e}"))?;
    Ok(())
}

fn check_all(shaders: &[(String, String)]) -> Result<(), String> {
    let failures: Vec<String> = shaders
        .iter()
        .filter_map(|(n, t)| check(n, t).err())
        .collect();
    match failures.is_empty() {
        true => Ok(()),
        false => Err(failures.join("\n")),
    }
}

fn templates() -> Result<(), String> {
    // Unit tests read the one that is in an extension of the language.
    let templates: Vec<_> = shaders(&source())
        .into_iter()
        .filter(|(name, _)| name != "matmul_cooperative.wgsl")
        .collect();
    assert!(templates.len() >= 4, "{} templates", templates.len());
    check_all(&templates)
}

/// The functions that shaders may call, all together.
fn library() -> Result<(), String> {
    let files = shaders(&source().join("math"));
    assert!(!files.is_empty());
    let text: String = files.iter().map(|(_, text)| text.as_str()).collect();
    check("math", &text)
}

fn generated(gpu: Gpu<'_>) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-shaders");
    let folder = folder.join(std::process::id().to_string());
    let variants = [
        DeviceOptions::new(),
        DeviceOptions::new()
            .webgpu_limits()
            .matmul(MatmulKernel::Workgroup),
    ];
    for options in variants {
        let device = gpu
            .open(options.dump_shaders(&folder))
            .map_err(|e| e.to_string())?;
        broad::run(&device).map_err(|e| e.to_string())?;
    }
    let found = shaders(&folder);
    let checked = check_all(&found);
    let removed = std::fs::remove_dir_all(&folder);
    for kind in [
        "map",
        "reduce",
        "scan",
        "part_rows",
        "sort",
        "sort_rows",
        "matmul_workgroup",
    ] {
        assert!(
            found.iter().any(|(name, _)| name.starts_with(kind)),
            "no {kind}"
        );
    }
    checked?;
    removed.map_err(|e| e.to_string())
}

/// What the tests before this one ran.
fn collected() -> Result<(), String> {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        return Ok(());
    };
    let found = shaders(Path::new(&folder));
    println!("{} generated shaders", found.len());
    if found.is_empty() {
        return Err(format!(
            "{VARIABLE}: no shaders in {}",
            Path::new(&folder).display()
        ));
    }
    check_all(&found)
}
