//! Installs all that the checks need, before any of them looks for it.
use super::COMPONENTS;
use crate::{
    machine, no_std, portability,
    programs::{program, read},
    size,
    steps::Steps,
};
use motemq_testing::aedes;

/// Installs what is missing, a step for each source of it.
pub fn all(steps: &mut Steps) {
    let components: Vec<_> = COMPONENTS
        .iter()
        .filter(|component| component.missing().is_some())
        .map(|component| component.name)
        .collect();
    if !components.is_empty() {
        steps.check(&format!("install {}", components.join(" ")), || {
            read(program(
                "rustup",
                ["component", "add"].iter().chain(&components),
            ))
            .map(|_| ())
        });
    }
    let targets: Vec<_> = portability::targets()
        .filter(|target| !no_std::is_installed(target))
        .collect();
    if !targets.is_empty() {
        steps.check(
            &format!("install the libraries for {}", targets.join(", ")),
            || no_std::install(&targets),
        );
    }
    let mut packages = machine::test_packages();
    packages.extend(size::linker_packages());
    if !packages.is_empty() {
        steps.check(&format!("install {}", packages.join(" ")), || {
            machine::install(&packages)
        });
    }
    if !machine::has_nats() {
        steps.check("install nats-server", machine::install_nats);
    }
    if !aedes::is_here() {
        steps.check("install aedes 2", machine::install_aedes);
    }
}
