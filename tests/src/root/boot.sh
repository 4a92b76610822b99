# Starts a system below a root of its own: boot.sh NAME LOWER WORK INIT...
#
# NAME    of its control group    LOWER   the tree that it begins with; it is not changed
# WORK    an empty directory: what it writes, and where it is mounted
# INIT    its first process, as a path inside and arguments
#
# It has its own mounts, processes, network (a loopback), host name and control groups, and ends
# with its first process. Nothing is mounted in anybody else's sight.
set -eu

# What is done outside: the mounts, and a control group, which counts as the root of all inside.
outside() {
    name=$1 lower=$2 work=$3
    shift 3
    mount --make-rprivate /
    mkdir -p "$work/upper" "$work/scratch" "$work/root"
    root=$work/root
    mount -t overlay overlay \
        -o "lowerdir=$lower,upperdir=$work/upper,workdir=$work/scratch" "$root"
    groups=$work/groups
    mkdir -p "$groups"
    if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
        mount -t cgroup2 cgroup2 "$groups"
        enter "$(sed -n 's/^0:://p' /proc/self/cgroup)" "$name"
        hierarchy=unified
    else
        mount -t cgroup -o none,name=systemd cgroup "$groups"
        enter "$(sed -n 's/^[0-9]*:name=systemd://p' /proc/self/cgroup)" "$name"
        umount "$groups"
        mount -t cgroup2 cgroup2 "$groups"
        enter "$(sed -n 's/^0:://p' /proc/self/cgroup)" "$name"
        hierarchy=hybrid
    fi
    umount "$groups"
    exec unshare --pid --net --uts --ipc --cgroup --fork --kill-child \
        /bin/sh "$0" inside "$root" "$hierarchy" "$@"
}

enter() {
    mkdir -p "$groups$1/$2"
    echo $$ >"$groups$1/$2/cgroup.procs"
}

inside() {
    root=$1 hierarchy=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    if [ "$hierarchy" = unified ]; then
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    else
        mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
        mkdir "$root/sys/fs/cgroup/unified" "$root/sys/fs/cgroup/systemd"
        mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
        mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    fi
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
        : >"$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    mount -t tmpfs tmpfs "$root/dev/shm"
    cd "$root"
    mkdir -p .outside
    pivot_root . .outside
    # shellcheck disable=SC2016  # for the shell inside
    exec chroot . /bin/sh -c '
        umount -l /.outside && rmdir /.outside
        # As systemd itself does where it knows of no container: mounts that it makes for a service,
        # such as that of credentials, are to be seen by the service.
        mount --make-rshared /
        hostname "$(cat /etc/hostname)"
        ip link set lo up
        exec env -i container=twinseal PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
}

if [ "$1" = inside ]; then
    shift
    inside "$@"
else
    outside "$@"
fi
