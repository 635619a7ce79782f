#!/bin/sh
# Makes a token of SoftHSM (Debian: softhsm2) and builds the npm package pkcs11js, both in FOLDER.
#   softhsm.sh setup FOLDER    prints nothing; `npm run conform -- kms` finds it by SURETY_PEER_PKCS11=FOLDER
# Needs softhsm2-util, npm, a C++ compiler and Python 3.
set -eu

[ "${1:-}" = setup ] || {
  echo 'setup FOLDER' >&2
  exit 2
}
folder=$(realpath -m "${2:?folder}")
mkdir -p "$folder/tokens" "$folder/package"
library=${SOFTHSM_LIBRARY:-/usr/lib/softhsm/libsofthsm2.so}
[ -r "$library" ] || {
  echo "there is no $library; apt-get install softhsm2" >&2
  exit 1
}
printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$folder" >"$folder/softhsm2.conf"
printf '%s' "$library" >"$folder/library"
export SOFTHSM2_CONF="$folder/softhsm2.conf"
if [ ! -s "$folder/pin" ]; then
  umask 077
  od -An -N8 -tx1 /dev/urandom | tr -d ' \n' >"$folder/pin"
  softhsm2-util --init-token --free --label surety --pin "$(cat "$folder/pin")" --so-pin "$(cat "$folder/pin")" >/dev/null
fi
if [ ! -e "$folder/package/node_modules/pkcs11js/build/Release/pkcs11.node" ]; then
  npm install --prefix "$folder/package" --ignore-scripts --no-audit --no-fund pkcs11js@2.1.7 >/dev/null
  include=$(node -p 'require("node:path").dirname(require("node:path").dirname(process.execPath))')
  (cd "$folder/package/node_modules/pkcs11js" && npx --yes node-gyp rebuild --nodedir="$include" >"$folder/build.log" 2>&1)
fi
# A 256-bit AES key named `surety` that never leaves the token, as `pkcs11-tool --keygen --key-type AES:32` makes one.
[ -e "$folder/key-made" ] || (
  cd "$folder/package"
  node -e '
    const p = require("pkcs11js"); const fs = require("node:fs"); const folder = process.argv[1]
    const m = new p.PKCS11(); m.load(fs.readFileSync(`${folder}/library`, "utf8")); m.C_Initialize()
    const slot = m.C_GetSlotList(true).find((one) => m.C_GetTokenInfo(one).label.trim() === "surety")
    const session = m.C_OpenSession(slot, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION)
    m.C_Login(session, p.CKU_USER, fs.readFileSync(`${folder}/pin`, "utf8"))
    const yes = [p.CKA_TOKEN, p.CKA_PRIVATE, p.CKA_ENCRYPT, p.CKA_DECRYPT, p.CKA_SENSITIVE]
    m.C_GenerateKey(session, { mechanism: p.CKM_AES_KEY_GEN }, [
      { type: p.CKA_CLASS, value: p.CKO_SECRET_KEY }, { type: p.CKA_KEY_TYPE, value: p.CKK_AES },
      { type: p.CKA_LABEL, value: "surety" }, { type: p.CKA_ID, value: Buffer.from([0, 0, 0, 1]) },
      { type: p.CKA_VALUE_LEN, value: 32 }, { type: p.CKA_EXTRACTABLE, value: false },
      ...yes.map((type) => ({ type, value: true })),
    ])
    m.C_Finalize()
  ' "$folder"
  touch "$folder/key-made"
)
