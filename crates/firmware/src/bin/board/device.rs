//! The board: its network, its console, and the loop around the client.
use crate::{client::Client, console::Console};
use cortex_m_rt::entry;
use motemq_firmware::{Status, ethernet::Ethernet, mps2::Board, semihosting::exit};
use motemq_smoltcp::nap;
use smoltcp::{
    iface::{Config, Interface, SocketSet, SocketStorage},
    socket::tcp::{Socket, SocketBuffer},
    wire::{EthernetAddress, IpAddress, IpCidr},
};

/// The address that QEMU's network gives to the board.
const OURS: IpCidr = IpCidr::new(IpAddress::v4(10, 0, 2, 15), 24);
/// The address of the machine on which QEMU runs, in QEMU's network.
const HOST: IpAddress = IpAddress::v4(10, 0, 2, 2);

#[entry]
fn main() -> ! {
    static mut ETHERNET: Ethernet = Ethernet::new();
    static mut RECEIVED: [u8; 1024] = [0; 1024];
    static mut TO_SEND: [u8; 1024] = [0; 1024];
    static mut CLIENT: Client = Client::new();

    let Some(board) = Board::take() else {
        exit(Status::Failure as u32)
    };
    let mut console = Console::new(board);
    let address = match ETHERNET.start() {
        Ok(address) => address,
        Err(error) => {
            console.tell(format_args!("error {error}"));
            exit(Status::Failure as u32)
        }
    };
    let mut config = Config::new(EthernetAddress(address).into());
    // For a board with a source of chance: its number.
    config.random_seed = console.now().total_millis() as u64;
    let mut iface = Interface::new(config, ETHERNET, console.now());
    iface.update_ip_addrs(|addresses| {
        // There is room for one.
        let _ = addresses.push(OURS);
    });
    let mut storage = [SocketStorage::EMPTY; 1];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handle = sockets.add(Socket::new(
        SocketBuffer::new(&mut RECEIVED[..]),
        SocketBuffer::new(&mut TO_SEND[..]),
    ));
    console.tell(format_args!("ready"));
    loop {
        ETHERNET.acknowledge();
        iface.poll(console.now(), ETHERNET, &mut sockets);
        let limit = CLIENT.turn(sockets.get_mut(handle), iface.context(), HOST, &mut console);
        let limit = nap(&mut iface, &sockets, console.now(), limit);
        console.sleep(limit);
    }
}
