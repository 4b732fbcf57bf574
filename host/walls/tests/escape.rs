//! What a process behind walls can still do. It is tried by a process of its own, as the walls stay.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use reentry_walls::{Walls, hide_memory, look};

/// Says to this program that it shall put walls up and try to get out: the folder with `data` and `named`.
const INSIDE: &str = "REENTRY_WALLS_TEST_FOLDER";

fn main() {
    match std::env::var_os(INSIDE) {
        Some(folder) => inside(Path::new(&folder)),
        None => outside(),
    }
}

fn outside() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home/.ssh");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("id_ed25519"), "secret").unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("named"), "input").unwrap();
    let _server = UnixListener::bind(folder.path().join("socket")).unwrap();
    let program = std::env::current_exe().unwrap();
    let tried = Command::new(program).env(INSIDE, folder.path()).env("LISTENING", "here").output().unwrap();
    assert!(tried.status.success(), "{tried:?}");
    let tried = String::from_utf8(tried.stdout).unwrap();
    insta::assert_snapshot!(tried, @"
    had [CoreFiles, Privileges, Files, Calls], missed []

    # what a host does
    write into the data folder: done
    rename there: done
    make a folder there: done
    move into it: done
    link there: done
    truncate there: done
    remove there: done
    read a file that was named: done
    read the page map: done
    start a thread: done
    wake by a pair of sockets: done

    # files
    read a key: refused: EACCES
    list a home: refused: EACCES
    plant a file: refused: EACCES
    write a file that was named: refused: EACCES
    write /etc/passwd: refused: EACCES
    read /etc/shadow: refused: EACCES
    move a file out: refused: EACCES
    link a file in: failed: Invalid cross-device link (os error 18)
    make a symbolic link: refused: EPERM
    change who may read a file: refused: EPERM

    # programs
    start a program: refused: EPERM
    become a program: refused: EPERM
    become a program of one's own: refused: EPERM

    # network
    connect: refused: EPERM
    listen: refused: EPERM
    send a datagram: refused: EPERM
    connect to a socket in a folder: refused: EPERM

    # other processes
    read the memory of another process: refused: EACCES
    read the environment of another process: refused: EACCES
    end another process: refused: EPERM
    take hold of another process: refused: EPERM

    # back
    core files: Some(0)
    allow core files: refused: EPERM
    show the memory: refused: EPERM
    memory: NotDumpable
    ");
    assert!(!folder.path().join("home/planted").exists());
    // This process has no walls by then.
    assert!(look().missed.is_empty(), "{:?}", look());
    assert!(File::open(home.join("id_ed25519")).is_ok());
    println!("what a process behind walls tried is as it was");
}

/// Prints how something ended.
fn tried<T>(what: &str, how: impl FnOnce() -> io::Result<T>) {
    let ended = match how() {
        Ok(_) => "done".to_owned(),
        Err(error) => match error.raw_os_error() {
            Some(1) => "refused: EPERM".to_owned(),
            Some(13) => "refused: EACCES".to_owned(),
            Some(38) => "refused: ENOSYS".to_owned(),
            _ => format!("failed: {error}"),
        },
    };
    println!("{what}: {ended}");
}

fn inside(folder: &Path) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = |name: &str| folder.join(name);
    let standing = Walls::new().data_folder(at("data")).read(at("named")).put_up();
    hide_memory();
    println!("had {:?}, missed {:?}", standing.had, standing.missed);

    println!("\n# what a host does");
    tried("write into the data folder", || fs::write(at("data/db"), "x"));
    tried("rename there", || fs::rename(at("data/db"), at("data/db-2")));
    tried("make a folder there", || fs::create_dir(at("data/cache")));
    tried("move into it", || fs::rename(at("data/db-2"), at("data/cache/db")));
    tried("link there", || fs::hard_link(at("data/cache/db"), at("data/db-3")));
    tried("truncate there", || OpenOptions::new().write(true).truncate(true).open(at("data/db-3")));
    tried("remove there", || fs::remove_file(at("data/db-3")));
    tried("read a file that was named", || fs::read(at("named")));
    tried("read the page map", || File::open("/proc/self/pagemap"));
    tried("start a thread", || {
        std::thread::Builder::new().spawn(|| ())?.join().map_err(|_| io::Error::other(""))
    });
    tried("wake by a pair of sockets", || {
        let (mut one, mut other) = UnixStream::pair()?;
        one.write_all(b"x")?;
        other.read_exact(&mut [0])
    });

    println!("\n# files");
    tried("read a key", || fs::read(at("home/.ssh/id_ed25519")));
    tried("list a home", || fs::read_dir(at("home")));
    tried("plant a file", || fs::write(at("home/planted"), "x"));
    tried("write a file that was named", || OpenOptions::new().append(true).open(at("named")));
    tried("write /etc/passwd", || OpenOptions::new().append(true).open("/etc/passwd"));
    tried("read /etc/shadow", || fs::read("/etc/shadow"));
    tried("move a file out", || fs::rename(at("data/cache/db"), at("home/db")));
    tried("link a file in", || fs::hard_link(at("home/.ssh/id_ed25519"), at("data/key")));
    tried("make a symbolic link", || std::os::unix::fs::symlink("/", at("data/root")));
    tried("change who may read a file", || {
        fs::set_permissions(at("home"), fs::Permissions::from_mode(0o777))
    });

    println!("\n# programs");
    tried("start a program", || Command::new("/bin/true").status());
    tried("become a program", || Err::<(), _>(Command::new("/bin/true").exec()));
    fs::copy("/proc/self/exe", at("data/program")).unwrap();
    tried("become a program of one's own", || Err::<(), _>(Command::new(at("data/program")).exec()));

    println!("\n# network");
    tried("connect", || TcpStream::connect(port));
    tried("listen", || TcpListener::bind("127.0.0.1:0"));
    tried("send a datagram", || UdpSocket::bind("127.0.0.1:0"));
    tried("connect to a socket in a folder", || UnixStream::connect(at("socket")));

    println!("\n# other processes");
    let parent = std::os::unix::process::parent_id();
    tried("read the memory of another process", || File::open(format!("/proc/{parent}/mem")));
    tried("read the environment of another process", || fs::read(format!("/proc/{parent}/environ")));
    let pid = rustix::process::Pid::from_raw(i32::try_from(parent).unwrap()).unwrap();
    tried("end another process", || Ok(rustix::process::kill_process(pid, rustix::process::Signal::KILL)?));
    tried("take hold of another process", || {
        Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
    });

    println!("\n# back");
    let core = rustix::process::getrlimit(rustix::process::Resource::Core);
    println!("core files: {:?}", core.maximum);
    tried("allow core files", || {
        let limit = rustix::process::Rlimit { current: Some(1), maximum: Some(1) };
        Ok(rustix::process::setrlimit(rustix::process::Resource::Core, limit)?)
    });
    tried("show the memory", || {
        Ok(rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable)?)
    });
    println!("memory: {:?}", rustix::process::dumpable_behavior().unwrap());
}
