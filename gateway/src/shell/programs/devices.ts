/** Disks, file systems, modules. */
import type { Programs } from './call.ts'
import { changer, exact, harmless } from './program-kinds.ts'

const formats = changer('format')

const FORMATTERS = ['mkfs', 'mke2fs', 'mkswap', 'wipefs', 'blkdiscard', 'mkdosfs', 'newfs', 'cryptsetup', 'mdadm', 'pvcreate', 'vgcreate', 'lvcreate', 'pvremove', 'vgremove', 'lvremove', 'sfdisk', 'cfdisk', 'sgdisk', 'gdisk', 'badblocks',
  'hdparm', 'nvme', 'resize2fs', 'tune2fs', 'xfs_growfs', 'xfs_repair', 'e2fsck', 'fsck', 'btrfs', 'lvextend', 'lvreduce', 'lvresize', 'vgextend', 'vgreduce', 'zfs', 'parted', 'debugfs', 'flashrom', 'grub-install', 'tunefs', 'partprobe', 'dmsetup', 'losetup', 'fstrim']

export const DEVICES: Programs = {
  ...Object.fromEntries(FORMATTERS.map((name) => [name, formats])),
  fdisk: exact('l|list b: c? L? t: u? x|list-details o|output: s|getsz C: H: S: B n w: W:', ({ operands, has }, { findings }) => {
    if (has('l', 'x', 's')) findings.read(operands)
    else findings.change('format', operands)
  }),
  umount: changer('mount', 't: O:'), swapon: exact('s|summary show? noheadings raw bytes', ({ operands, has }, { findings }) => {
    if (operands.length === 0 && has('s', 'show')) findings.read()
    else findings.change('mount', operands)
  }), swapoff: changer('mount'), fusermount: changer('mount'), pivot_root: changer('mount'),
  insmod: changer('install'), modprobe: changer('install'), rmmod: changer('uninstall'), modinfo: harmless('F:', 'none'), depmod: changer('write'), dumpe2fs: harmless(), smartctl: exact('a|all i|info H|health A|attributes x|xall l|log: scan d|device: n: c|capabilities j|json?', ({ operands }, { findings }) => findings.read(operands)),
}

/** `mkfs.ext4`, `fsck.xfs`, `mount.nfs`. */
export const DEVICE_FAMILIES: readonly (readonly [string, string])[] = [['mkfs.', 'mkfs'], ['fsck.', 'fsck'], ['mount.', 'umount'], ['umount.', 'umount']]
