# What is installed, and the Debian package: `cmake --build --preset release --target package`, or cpack -G DEB.

include(GNUInstallDirs)

# Whoever installs or packs has built what is packed; the tests need not be.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(shared ${CMAKE_INSTALL_DATADIR}/event-sidecar)
install(TARGETS event-sidecar RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/debian/config.toml DESTINATION /etc/event-sidecar)
install(FILES deploy/systemd/event-sidecar.service DESTINATION /lib/systemd/system)
install(DIRECTORY deploy/prometheus deploy/grafana deploy/nginx deploy/haproxy DESTINATION ${shared})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md EXAMPLE_CONFIG.toml deploy/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME event-sidecar)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "event-sidecar maintainers <maintainers@event-sidecar.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "event streams of Casper nodes, stored and served to many subscribers")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Reads the event streams of Casper 1.x nodes, stores each event once, and serves
the events again as server-sent events and over a REST API. Takes the place of
the Casper event sidecar 1.x.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Besides the libraries: the user, the reload's kill.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54~), procps")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, systemd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles
  ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
  ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
