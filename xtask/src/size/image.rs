//! What is in a linked program.
use object::{
    Object, ObjectSection, ObjectSymbol,
    read::{File, archive::ArchiveFile},
};

/// Every entry point of a program begins so.
const ENTRY: &str = "mq_";

/// Copying and clearing, which a compiler may call on its own account; stated apart.
const INTRINSICS: [&str; 6] = ["memcpy", "memmove", "memset", "memclr", "memcmp", "bcmp"];

/// What a small firmware has no room for: panics, formatting, `core`'s UTF-8 check, floating point.
const FORBIDDEN: [&str; 7] = [
    "panic",
    "4core3fmt",
    "from_utf8",
    "aeabi_f",
    "aeabi_d",
    "unwrap_failed",
    "slice_index",
];

/// A linked program, in bytes.
pub struct Image {
    pub code: u64,
    pub intrinsics: u64,
    pub statics: u64,
    symbols: Vec<(String, u64)>,
}

/// Sizes of types on the target, in bytes.
#[derive(Default)]
pub struct Sizes {
    pub slot: u64,
    pub session_0: u64,
    pub session_8: u64,
    /// With MQTT 5 and 8 slots.
    pub session_5: u64,
    pub buffer: u64,
}

impl Image {
    /// Reads an ELF file.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let file = File::parse(bytes).map_err(|error| error.to_string())?;
        let section = |name| {
            file.section_by_name(name)
                .map_or(0, |section| section.size())
        };
        let mut symbols: Vec<_> = named(&file).filter(|(_, size)| *size > 0).collect();
        symbols.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let is_intrinsic = |name: &str| INTRINSICS.iter().any(|intrinsic| name.contains(intrinsic));
        let intrinsics = symbols
            .iter()
            .filter(|(name, _)| is_intrinsic(name))
            .map(|(_, size)| size)
            .sum();
        Ok(Image {
            code: section(".text") + section(".rodata") - intrinsics,
            intrinsics,
            statics: section(".data") + section(".bss"),
            symbols,
        })
    }

    /// Nothing is linked that must not be.
    pub fn check(&self) -> Result<(), String> {
        if self.statics != 0 {
            return Err(format!(
                "{} bytes of static memory; the core has none",
                self.statics
            ));
        }
        match self
            .symbols
            .iter()
            .find(|(name, _)| FORBIDDEN.iter().any(|part| name.contains(part)))
        {
            Some((name, _)) => Err(format!(
                "{name} is linked; the core calls nothing of the kind"
            )),
            None => Ok(()),
        }
    }

    /// Its functions and data, the largest first.
    pub fn symbols(&self) -> impl Iterator<Item = (&str, u64)> {
        self.symbols
            .iter()
            .map(|(name, size)| (name.as_str(), *size))
    }
}

impl Sizes {
    /// From the lengths of the statics that `sizes.rs` defines, in a static library.
    pub fn read(archive: &[u8]) -> Result<Self, String> {
        let mut sizes = Sizes::default();
        for_each_symbol(archive, |name, size| match name {
            "SIZE_SLOT" => sizes.slot = size,
            "SIZE_SESSION_0" => sizes.session_0 = size,
            "SIZE_SESSION_8" => sizes.session_8 = size,
            "SIZE_SESSION_5" => sizes.session_5 = size,
            "SIZE_BUFFER" => sizes.buffer = size,
            _ => {}
        })?;
        Ok(sizes)
    }
}

/// The entry points that a static library exports.
pub fn entries(archive: &[u8]) -> Result<Vec<String>, String> {
    let mut entries = Vec::new();
    for_each_symbol(archive, |name, _| {
        if name.starts_with(ENTRY) {
            entries.push(name.to_owned());
        }
    })?;
    entries.sort();
    Ok(entries)
}

/// Calls `each` with every symbol that a static library defines, and its size.
pub fn for_each_symbol(archive: &[u8], mut each: impl FnMut(&str, u64)) -> Result<(), String> {
    let library = ArchiveFile::parse(archive).map_err(|error| error.to_string())?;
    for member in library.members() {
        let data = member
            .and_then(|member| member.data(archive))
            .map_err(|error| error.to_string())?;
        if let Ok(file) = File::parse(data) {
            named(&file).for_each(|(name, size)| each(&name, size));
        }
    }
    Ok(())
}

/// The defined symbols.
fn named<'f>(file: &'f File<'_>) -> impl Iterator<Item = (String, u64)> + 'f {
    file.symbols()
        .filter(|symbol| symbol.is_definition())
        .map(|symbol| (symbol.name().unwrap_or_default().to_owned(), symbol.size()))
}
