# dib-run-parts traces this file before every phase: a hundred lines each time.
set +x
export DIB_MINIMAL_WITHOUT=${DIB_MINIMAL_WITHOUT:-documentation translations hardware-drivers}

# dpkg(1), --path-exclude: '*' matches '/' as well, and the last pattern that matches a path decides.
_documentation() {
    # The manual's directories stay: packages link their alternatives into them.
    printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/man/*/*' \
        /usr/share/{bug,doc-base,info,lintian}/\*
    echo 'path-include=/usr/share/doc/*/copyright'
}

_translations() {
    echo 'path-exclude=/usr/share/locale/*/LC_MESSAGES/*'
}

_hardware_drivers() {
    local real=(
        # what is carried around, stands on a desk, or measures; sound
        drivers/{accessibility,bluetooth,comedi,extcon,hid,hwmon,iio,isdn,leds,media,memstick,mmc,mtd}
        drivers/{nfc,platform,power,soundwire,staging,thunderbolt,ufs} sound
        drivers/input/{joystick,tablet,touchscreen}
        drivers/usb/{atm,dwc2,dwc3,gadget,image,misc,serial,typec}
        # buses
        drivers/{atm,bcma,cxl,edac,firewire,parport,pcmcia,ssb} drivers/char/pcmcia
        # networks by radio, and those of vehicles and of the past
        drivers/net/{arcnet,can,fddi,hamradio,ieee802154,plip,usb,wireless,wwan}
        net/{batman-adv,bluetooth,can,ieee802154,mac80211,mac802154,nfc,wireless}
        # cards of servers and desktops, but those whose functions guests can be given
        drivers/gpu/drm/{amd,ast,gma500,i915,mgag200,nouveau,radeon,udl}
        drivers/infiniband/hw/{hfi1,mthca,qib} drivers/scsi
        drivers/net/ethernet/{3com,adaptec,agere,alteon,aquantia,atheros,dlink,fujitsu,marvell}
        drivers/net/ethernet/{micrel,myricom,natsemi,nvidia,rdc,sis,smsc,stmicro,sun,tehuti,ti}
        drivers/net/ethernet/{via,xircom}
        # file systems of flash chips
        fs/{jffs2,romfs,ubifs}
    )
    # What of those buses and kinds lies elsewhere.
    local elsewhere=(
        '*/*_cs' '*/*parport*' '*/regmap-sdw*' drivers/ata/{pata,sata}_'*' drivers/char/{lp,ppdev}
        drivers/input/serio/parkbd drivers/net/ethernet/broadcom/b44 drivers/net/thunderbolt-net
        drivers/spi/spi-{butterfly,lm70llp} drivers/target/{sbp/sbp_target,tcm_fc/tcm_fc}
        drivers/tty/ipwireless/ipwireless drivers/usb/host/u132-hcd
        drivers/usb/usbip/usbip-vudc
    )
    # Of all these what hypervisors have, and what the drivers that stay are built upon.
    local virtual=(
        drivers/hid/{hid,hid-generic,hid-hyperv,uhid} drivers/hid/usbhid/'*' drivers/mtd/mtd
        drivers/media/cec/'*' drivers/media/rc/rc-core drivers/platform/x86/wmi
        drivers/scsi/{'scsi_*',sd_mod,sr_mod,sg,ses,st,raid_class,'iscsi*','libiscsi*'}
        drivers/scsi/{virtio_scsi,BusLogic,am53c974,esp_scsi,vmw_pvscsi,hv_storvsc,xen-scsifront}
        drivers/scsi/{device_handler,megaraid,mpt3sas,sym53c8xx_2}/'*'
    )
    # In Debian 12 a kernel's package has its modules in /lib, in later releases in /usr/lib.
    local modules='*/lib/modules/*/kernel'
    real=("${real[@]/%//*}")
    elsewhere=("${elsewhere[@]/%/.ko*}") virtual=("${virtual[@]/%/.ko*}")
    printf '%s\n' "${real[@]/#/path-exclude=$modules/}" "${elsewhere[@]/#/path-exclude=$modules/}" \
        "${virtual[@]/#/path-include=$modules/}"
}

_options() {
    echo '# Left out of every package. To have it, remove this file and reinstall the packages.'
    local part
    for part in $DIB_MINIMAL_WITHOUT; do
        "_${part//-/_}" || return
    done
}

options=$(_options)
# mmdebstrap writes them to a file of its own name before it unpacks the first package.
while read -r option; do
    DIB_MMDEBSTRAP_EXTRA_ARGS+=" --dpkgopt='$option'"
done <<< "$options"
# shellcheck disable=SC2089 # the element debootstrap gives it to a shell
DIB_MMDEBSTRAP_EXTRA_ARGS+=" --customize-hook='cd \"\$1\"/etc/dpkg/dpkg.cfg.d && mv 99mmdebstrap guest-minimal'"
# shellcheck disable=SC2090 # as above
export DIB_MMDEBSTRAP_EXTRA_ARGS
