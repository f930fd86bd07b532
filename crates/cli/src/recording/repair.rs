//! Recordings that are continued. A process that was killed may have left a part of a line, which
//! is removed.
use super::{Recorded, file::Form};
use crate::notice::say;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
};

/// As many bytes are looked at at once.
const PIECE: u64 = 64 << 10;
/// The first two bytes of a file that gzip has compressed.
pub const MAGIC: [u8; 2] = *b"\x1f\x8b";

/// Opens a file of a recording for another line, after the last whole one.
pub fn open(path: &Path, form: Form) -> io::Result<File> {
    let mut file = options().create(true).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() == 0 {
        return Ok(file);
    }
    let mut magic = [0; 2];
    let read = file.read(&mut magic)?;
    if (magic[..read] == MAGIC) != (form == Form::Gzip) {
        let words = match form {
            Form::Plain => "it is compressed: say --gzip, or name another file",
            Form::Gzip => "it is not compressed: leave out --gzip, or name another file",
        };
        return Err(io::Error::new(ErrorKind::InvalidData, words));
    }
    file.seek(SeekFrom::Start(0))?;
    match form {
        Form::Plain => {
            check_first(BufReader::new(&file))?;
            end_line(&mut file, path)?;
        }
        Form::Gzip => {
            let first = check_first(BufReader::new(MultiGzDecoder::new(BufReader::new(&file))));
            // A file that breaks off in its first line holds nothing.
            if !first.as_ref().is_err_and(is_cut) {
                first?;
            }
            file.seek(SeekFrom::Start(0))?;
            if !is_whole(&file)? {
                file = rewrite(&mut file, path)?;
            }
        }
    }
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false);
    options
}

/// Returns whether compressed bytes break off, as those of a process that was killed do.
pub fn is_cut(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof
}

/// Checks that a file is a recording, before anything of it is changed.
fn check_first(mut file: impl BufRead) -> io::Result<()> {
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    let is_torn = line.last() != Some(&b'\n');
    if (is_torn && line.first().is_none_or(|&byte| byte == b'{')) || Recorded::parse(&line).is_ok()
    {
        return Ok(());
    }
    let words = "it is there already, and is no recording: name another file";
    Err(io::Error::new(ErrorKind::AlreadyExists, words))
}

/// Makes the last line of a file a whole one, or removes it.
fn end_line(file: &mut File, path: &Path) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut begin = length;
    let mut last = Vec::new();
    // Backwards to the end of the line before.
    while begin > 0 {
        let from = begin.saturating_sub(PIECE);
        let mut piece = vec![0; (begin - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        let end = piece.iter().rposition(|&byte| byte == b'\n');
        let kept = end.map_or(0, |end| end + 1);
        last.splice(0..0, piece[kept..].iter().copied());
        begin = from + kept as u64;
        if end.is_some() {
            break;
        }
    }
    if last.is_empty() {
        return Ok(());
    }
    if Recorded::parse(&last).is_ok() {
        file.seek(SeekFrom::End(0))?;
        return file.write_all(b"\n");
    }
    say_torn(path);
    file.set_len(begin)
}

fn say_torn(path: &Path) {
    say(format_args!(
        "the last line of {} is torn, and is removed",
        path.display()
    ));
}

/// Returns whether a compressed file ends in good order.
fn is_whole(file: &File) -> io::Result<bool> {
    let mut decoder = MultiGzDecoder::new(BufReader::new(file));
    match io::copy(&mut decoder, &mut io::sink()) {
        Ok(_) => Ok(true),
        Err(error) if is_cut(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes the whole lines of a compressed file that breaks off to a new one, which takes its place.
fn rewrite(file: &mut File, path: &Path) -> io::Result<File> {
    let mut name = OsString::from(path);
    name.push(".repair");
    let repaired = options().create(true).open(&name)?;
    repaired.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(&*file)));
    let mut encoder = GzEncoder::new(BufWriter::new(repaired), Compression::default());
    let mut line = Vec::new();
    let is_torn = loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(_) if line.last() == Some(&b'\n') => encoder.write_all(&line)?,
            Ok(_) => break !line.is_empty(),
            Err(error) if is_cut(&error) => break !line.is_empty(),
            Err(error) => return Err(error),
        }
    };
    if is_torn {
        say_torn(path);
    }
    let repaired = encoder.finish()?.into_inner()?;
    repaired.sync_all()?;
    fs::rename(&name, path)?;
    Ok(repaired)
}
