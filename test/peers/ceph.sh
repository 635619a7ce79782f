#!/bin/sh
# Runs a small Ceph with its S3 gateway, which enforces Object Lock, from a Debian system of its own (Debian sid).
#   ceph.sh setup FOLDER          makes the system in FOLDER/sid; needs root, debootstrap and 1.5 GB, takes about 3 minutes
#   ceph.sh start FOLDER [PORT]   starts one monitor, one store and the gateway in FOLDER/sid/ceph and prints the gateway's address
#   ceph.sh stop FOLDER           stops them and removes what they stored
set -eu

command=${1:?setup, start or stop}
folder=${2:?folder}
port=${3:-45811}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
system=$folder/sid
inside=/ceph
id=surety
secret=surety-sample

write_settings() {
  mkdir -p "$system$inside/mon" "$system$inside/osd" "$system$inside/mgr" "$system$inside/rgw" "$system$inside/run"
  cat >"$system$inside/ceph.conf" <<SETTINGS
[global]
fsid = 7a1c1f0e-52a4-4e0c-9c37-2f3b6f4f5a10
mon_initial_members = a
mon_host = [v2:127.0.0.1:46310,v1:127.0.0.1:46311]
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = $inside/admin.keyring
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = $inside/run
admin_socket = $inside/run/\$name.asok
log_file = $inside/run/\$name.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_warn = 2
mon_data_avail_crit = 1
# Debian's package needs the whole path.
osd_class_dir = /usr/lib/x86_64-linux-gnu/rados-classes
osd_objectstore = bluestore
bluestore_block_size = 4294967296
osd_memory_target = 1073741824
mgr_initial_modules =
ms_bind_ipv6 = false
SETTINGS
}

in_system() { chroot "$system" "$@"; }
ask() { in_system ceph -c $inside/ceph.conf "$@"; }

# Starts a program of Ceph and notes its id.
daemon() {
  name=$1
  shift
  setsid chroot "$system" "$@" >"$system$inside/run/$name.out" 2>&1 &
  echo $! >"$system$inside/run/$name.pid"
}

case $command in
setup)
  mkdir -p "$folder"
  [ -x "$system/usr/bin/apt-get" ] || debootstrap --variant=minbase sid "$system" "$mirror"
  # The lists of a stored mirror may be older than their date of expiry.
  in_system apt-get -o Acquire::Check-Valid-Until=false update
  DEBIAN_FRONTEND=noninteractive in_system apt-get install -y --no-install-recommends \
    age radosgw ceph-mon ceph-osd ceph-mgr ceph-common
  ;;
start)
  [ -d "$system/proc/1" ] || mount -t proc proc "$system/proc"
  [ -e "$system/dev/urandom" ] || mount --bind /dev "$system/dev"
  write_settings
  in_system sh -eu -c "cd $inside
    ceph-authtool --create-keyring mon.keyring --gen-key -n mon. --cap mon 'allow *'
    ceph-authtool --create-keyring admin.keyring --gen-key -n client.admin \
      --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
    ceph-authtool mon.keyring --import-keyring admin.keyring
    monmaptool --create --clobber --addv a '[v2:127.0.0.1:46310,v1:127.0.0.1:46311]' \
      --fsid 7a1c1f0e-52a4-4e0c-9c37-2f3b6f4f5a10 monmap
    ceph-mon -c ceph.conf --mkfs -i a --monmap monmap --keyring mon.keyring --mon-data mon/a" >/dev/null
  daemon mon ceph-mon -f -c $inside/ceph.conf -i a --mon-data $inside/mon/a
  store=$(cat /proc/sys/kernel/random/uuid)
  key=$(in_system ceph-authtool --gen-print-key)
  echo "{\"cephx_secret\": \"$key\"}" | ask osd new "$store" -i - >/dev/null
  mkdir -p "$system$inside/osd/0"
  in_system ceph-authtool --create-keyring $inside/osd/0/keyring -n osd.0 --add-key "$key" >/dev/null
  in_system ceph-osd -c $inside/ceph.conf -i 0 --osd-data $inside/osd/0 --mkfs --osd-uuid "$store" \
    --keyring $inside/osd/0/keyring >/dev/null 2>&1
  daemon osd ceph-osd -f -c $inside/ceph.conf -i 0 --osd-data $inside/osd/0 --keyring $inside/osd/0/keyring
  mkdir -p "$system$inside/mgr/x"
  ask auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' >"$system$inside/mgr/x/keyring"
  daemon mgr ceph-mgr -f -c $inside/ceph.conf -i x --mgr-data $inside/mgr/x --keyring $inside/mgr/x/keyring
  ask auth get-or-create client.rgw.a mon 'allow rw' osd 'allow rwx' mgr 'allow rw' \
    >"$system$inside/rgw/keyring"
  daemon rgw radosgw -f -c $inside/ceph.conf -n client.rgw.a --keyring=$inside/rgw/keyring \
    --rgw_data=$inside/rgw "--rgw_frontends=beast endpoint=127.0.0.1:$port"
  for _ in $(seq 120); do
    if in_system radosgw-admin -c $inside/ceph.conf user create --uid=surety --display-name=surety \
      --access-key=$id --secret-key=$secret >/dev/null 2>&1 && curl -s -m 2 "http://127.0.0.1:$port/" >/dev/null; then
      echo "ceph=http://$id:$secret@127.0.0.1:$port?region=default"
      exit 0
    fi
    sleep 1
  done
  echo "Ceph did not start; see $system$inside/run" >&2
  exit 1
  ;;
stop)
  for name in rgw mgr osd mon; do
    [ -f "$system$inside/run/$name.pid" ] && kill "$(cat "$system$inside/run/$name.pid")" || true
  done
  sleep 2
  umount "$system/proc" "$system/dev" 2>/dev/null || true
  rm -rf "${system:?}$inside"
  ;;
*)
  echo 'setup, start or stop' >&2
  exit 2
  ;;
esac
