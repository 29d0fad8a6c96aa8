# What the image adds goes first again, unless somebody put it there already.
case ":$PATH:" in
*:/opt/gpucommons/bin:*) ;;
*) PATH=/opt/gpucommons/bin:/opt/code-server/bin:$PATH ;;
esac
