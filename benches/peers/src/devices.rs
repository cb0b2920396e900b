//! The devices to measure on: the CPU and each adapter, one driver at a time.
//!
//! Peers choose adapters in ways of their own. They are made to agree by showing each of them one
//! driver only: Vulkan's loader takes the file that describes it from the environment.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use tilewise::{Device, DeviceInfo, DeviceKind};

use crate::Result;

/// An adapter, as a process that sees one driver describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adapter {
    pub id: String,
    pub name: String,
    pub driver: String,
    pub software: bool,
}

impl Adapter {
    fn of(info: &DeviceInfo) -> Self {
        Self {
            id: info.id.clone(),
            name: info.name.clone(),
            driver: info.driver.clone(),
            software: matches!(info.kind, DeviceKind::SoftwareGpu | DeviceKind::Cpu),
        }
    }
}

/// Where one table is measured.
#[derive(Clone, Debug)]
pub struct Target {
    pub adapter: Adapter,
    /// The description of its Vulkan driver; none on the CPU and where the system has but one.
    driver_file: Option<PathBuf>,
}

impl Target {
    pub fn is_cpu(&self) -> bool {
        self.adapter.id == "cpu"
    }

    /// Whether works are worth their time that only hardware does quickly.
    pub fn is_large(&self) -> bool {
        !self.adapter.software
    }

    pub fn has_cuda(&self) -> bool {
        self.adapter.name.to_lowercase().contains("nvidia")
    }

    /// A short name for files and options.
    pub fn label(&self) -> String {
        let name = self.adapter.name.to_lowercase();
        for known in ["llvmpipe", "swiftshader"] {
            if name.contains(known) {
                return known.replace("llvmpipe", "lavapipe");
            }
        }
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        if self.is_cpu() {
            "cpu".into()
        } else {
            name.chars().map(letter).collect()
        }
    }

    /// Shows a process this driver alone.
    pub fn limit(&self, command: &mut Command) {
        if let Some(file) = &self.driver_file {
            show_only(file, command);
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Adapter {
            id, name, driver, ..
        } = &self.adapter;
        write!(f, "{}: {id}, {name}, {driver}", self.label())
    }
}

/// Loaders before 1.3.207 know only the second name.
fn show_only(file: &Path, command: &mut Command) {
    for variable in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        command.env(variable, file);
    }
}

/// The devices that this process sees.
pub fn visible() -> Vec<Adapter> {
    Device::list().iter().map(Adapter::of).collect()
}

/// The devices whose label or name contains one of the texts; all if there are none.
pub fn chosen(wanted: &[String]) -> Result<Vec<Target>> {
    let all = all()?;
    let is_wanted = |target: &&Target| {
        let name = target.adapter.name.to_lowercase();
        let fits = |text: &String| target.label().contains(text) || name.contains(text);
        wanted.is_empty() || wanted.iter().any(fits)
    };
    let chosen: Vec<Target> = all.iter().filter(is_wanted).cloned().collect();
    if chosen.is_empty() {
        let names: String = all.iter().map(|t| format!("\n  {t}")).collect();
        return Err(format!("no device is called {wanted:?}; there are:{names}").into());
    }
    Ok(chosen)
}

fn all() -> Result<Vec<Target>> {
    let cpu = visible().into_iter().filter(|a| a.id == "cpu");
    let plain = |adapter| Target {
        adapter,
        driver_file: None,
    };
    let mut targets: Vec<Target> = cpu.map(plain).collect();
    let mut seen = BTreeSet::new();
    for file in driver_files() {
        let mut command = Command::new(std::env::current_exe()?);
        show_only(&file, command.arg("adapters"));
        // A driver whose hardware is absent may fail in any way.
        let Ok(output) = command.output() else {
            continue;
        };
        let Ok(adapters) = serde_json::from_slice::<Vec<Adapter>>(&output.stdout) else {
            continue;
        };
        for adapter in adapters.into_iter().filter(|a| a.id != "cpu") {
            if seen.insert((adapter.name.clone(), adapter.driver.clone())) {
                let driver_file = Some(file.clone());
                targets.push(Target {
                    adapter,
                    driver_file,
                });
            }
        }
    }
    if seen.is_empty() {
        targets.extend(visible().into_iter().filter(|a| a.id != "cpu").map(plain));
    }
    Ok(targets)
}

/// The descriptions of the Vulkan drivers on this machine.
fn driver_files() -> Vec<PathBuf> {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]
        .iter()
        .find_map(std::env::var_os);
    if let Some(list) = named {
        return std::env::split_paths(&list).collect();
    }
    let folders = [
        "/etc/vulkan/icd.d",
        "/usr/local/share/vulkan/icd.d",
        "/usr/share/vulkan/icd.d",
        "/usr/lib/chromium",
    ];
    let entries = folders
        .iter()
        .filter_map(|f| std::fs::read_dir(f).ok())
        .flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = files
        .filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".json") && name.contains("icd")
        })
        .collect();
    files.sort();
    files
}
