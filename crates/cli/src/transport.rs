//! What carries the bytes. Plain TCP so far; the options of TLS have their place here.
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct TransportArgs {
    #[arg(long, hide = true)]
    tls: bool,
    #[arg(long, hide = true, value_name = "FILE")]
    cafile: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    cert: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl TransportArgs {
    /// Whether it can be had; else what to do.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.tls || self.cafile.is_some() || self.cert.is_some() || self.key.is_some() {
            return Err("TLS comes with a later version: use a plain port, or a tunnel (stunnel, ssh -L) that ends in one");
        }
        Ok(())
    }
}
